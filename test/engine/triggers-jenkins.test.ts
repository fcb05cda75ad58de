import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeTrigger } from '../../src/core/trigger/describe.ts'
import { AuditUnavailable } from '../../src/engine/audit/unavailable.ts'
import { startJenkinsStandIn } from '../fixtures/jenkins-stand-in.ts'
import { START, useRedis } from './redis.ts'
import { siteWith, useTriggerBots, type Wish } from './trigger-bot.ts'

const here = useRedis()
/** Nothing is asked of Consul where only builds are waited for: nobody is there. */
const { bot, stopAll, runs, lines, refusals, refused, begun, looked, look, wait, standing } = useTriggerBots(
  here,
  () => '127.0.0.1:1',
)

let ci: Awaited<ReturnType<typeof startJenkinsStandIn>>
beforeEach(async () => {
  ci = await startJenkinsStandIn()
})
afterEach(() => ci.stop())

const ACCOUNT = { JENKINS_USER: 'bot', JENKINS_TOKEN: '11token22' }
const LINE = 'playbook --on {number} --version {VERSION}'
const on = { jenkins: 'smoke', parameters: { VERSION: '[0-9.]+' } }
const done: Wish = { done: { on, line: LINE, channel: 'ops' } }

/** With the job under its name in the site. */
const more = (extra: object = {}) => ({
  jenkins: { smoke: { url: ci.job, user: 'JENKINS_USER', token: 'JENKINS_TOKEN' } },
  variables: ACCOUNT,
  ...extra,
})
const text = async (wish: Wish, name = 'done', extra: object = {}) =>
  describeTrigger(await standing(wish, name, more(extra)), here.clock.now).join('\n')
const built = (VERSION: string, given: object = {}) => ci.built({ parameters: { VERSION }, ...given })

describe('a build that ends', () => {
  test('starts one execution with two bots, not what ended before the first look, and not again after a restart', async () => {
    built('0.9')
    const running = built('1.0', { result: null })
    bot(done, more())
    bot(done, more())
    await looked()
    await look()
    expect(await lines()).toEqual([])
    running.result = 'SUCCESS'
    built('1.1')
    await look()
    await stopAll()
    bot(done, more())
    built('1.2')
    await begun('playbook --on 4 --version 1.2')
    expect(await runs()).toMatchObject([
      {
        line: 'playbook --on 2 --version 1.0',
        actor: { kind: 'trigger', name: 'done' },
        origin: { channel: 'C01OPS' },
      },
      { line: 'playbook --on 3 --version 1.1' },
      { line: 'playbook --on 4 --version 1.2' },
    ])
    expect(await text(done)).toMatch(
      /builds, looked at .* ago: its latest build is 4, SUCCESS[\s\S]*last: .*`build 4, SUCCESS` began `\w+` \*running\*; .*`build 3/,
    )
  })

  test('counts with its result only: SUCCESS, those that are listed, or any', async () => {
    const wish: Wish = {
      done,
      bad: { result: ['FAILURE', 'ABORTED'] },
      all: { result: 'any' },
      one: { result: 'UNSTABLE' },
    } as never
    const triggers = Object.fromEntries(
      Object.entries(wish).map(([name, given]) => [
        name,
        {
          on: { jenkins: 'smoke', ...(name === 'done' ? {} : given) },
          line: `playbook --on ${name}-{number} --version {result}`,
        },
      ]),
    ) as Wish
    bot(triggers, more())
    await looked(4)
    for (const result of ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']) ci.built({ result })
    // Still at work, although it says how it will end.
    ci.built({ result: 'SUCCESS', building: true })
    await look()
    expect(await lines()).toEqual([
      ...['1 --version SUCCESS', '2 --version UNSTABLE', '3 --version FAILURE', '4 --version NOT_BUILT'].map(
        (each) => `playbook --on all-${each}`,
      ),
      'playbook --on all-5 --version ABORTED',
      'playbook --on bad-3 --version FAILURE',
      'playbook --on bad-5 --version ABORTED',
      'playbook --on done-1 --version SUCCESS',
      'playbook --on one-2 --version UNSTABLE',
    ])
    expect(await text(triggers)).toMatch(/last passed over .*`build 5, ABORTED`. It waits for SUCCESS/)
    // Once passed over it stays so, also where the site wants it later.
    await stopAll()
    bot({ ...triggers, done: { ...triggers.done, on: { jenkins: 'smoke', result: 'any' } } } as Wish, more())
    ci.built({ result: 'FAILURE' })
    await begun('playbook --on done-7 --version FAILURE')
    expect((await lines()).filter((line) => line.includes('done'))).toHaveLength(2)
  })

  test('counts from the first look with `existing`, the oldest first', async () => {
    built('1.0')
    built('1.1')
    bot({ done: { ...done.done, existing: true } } as Wish, more())
    await looked()
    await look()
    expect(await lines()).toEqual(['playbook --on 1 --version 1.0', 'playbook --on 2 --version 1.1'])
    expect((await standing(done, 'done', more())).fired.map(({ what }) => what)).toEqual([
      'build 2, SUCCESS',
      'build 1, SUCCESS',
    ])
  })

  test('that Groundcrew started counts only where the site says so, so that nothing goes round for ever', async () => {
    const wish: Wish = {
      done: { on: { jenkins: 'smoke' }, line: 'playbook --on {number}' },
      own: { on: { jenkins: 'smoke', own: true }, line: 'playbook --on own-{number}' },
    }
    bot(wish, more())
    await looked(2)
    ci.built({ parameters: { GROUNDCREW_EXECUTION: 'k3f9-smoke-1' } })
    ci.built({ parameters: { GROUNDCREW_EXECUTION: '' } })
    await look()
    expect(await lines()).toEqual(['playbook --on 2', 'playbook --on own-1', 'playbook --on own-2'])
    expect(await text(wish)).toMatch(/last passed over .*Groundcrew itself started it/)
  })

  test('of a job that was made anew is another one with the same number', async () => {
    bot(done, more())
    await looked()
    built('1.0')
    await look()
    ci.builds.splice(0)
    built('2.0', { number: 1, timestamp: START })
    await look()
    expect(await lines()).toEqual(['playbook --on 1 --version 1.0', 'playbook --on 1 --version 2.0'])
    // One that is older than what was had, and comes into sight because newer ones were deleted, is not new.
    built('0.1', { number: 1, timestamp: 1_600_000_000_000 })
    await look()
    expect(await lines()).toHaveLength(2)
  })
})

describe('many builds', () => {
  test('between two looks are all found, and one that went on meanwhile is not lost behind them', async () => {
    const slow = built('0.1', { result: null })
    bot(done, more())
    await looked()
    await look()
    for (let count = 0; count < 130; count++) built('1.0', { result: count % 10 === 0 ? 'SUCCESS' : 'FAILURE' })
    await look()
    expect(await lines()).toHaveLength(13)
    slow.result = 'SUCCESS'
    await look()
    expect(await lines()).toContain('playbook --on 1 --version 0.1')
    const asked = ci.state.asked.length
    await look()
    // Nothing is open any more, so that a look is one question again.
    expect(ci.state.asked.length - asked).toBe(2)
  })

  test('more than are read are said to be lost', async () => {
    built('1.0')
    bot(done, more())
    await looked()
    for (let count = 0; count < 510; count++) built('1.0', { result: 'FAILURE' })
    await look()
    expect(await text(done)).toMatch(/\*missed\* .*more than 500 builds of smoke/)
  })
})

describe('a Jenkins that cannot be asked', () => {
  test.each([
    ['down', /does not answer/],
    ['html', /not what Jenkins answers/],
    ['moved', /sends on to 127\.0\.0\.1:1, which is not followed/],
  ] as const)('because it is %s is asked again, and nothing is lost', async (mood, why) => {
    bot(done, more())
    await looked()
    ci.state.mood = mood
    built('1.0')
    await look()
    expect(await text(done)).toMatch(new RegExp(`\\*trouble\\* .*${why.source}`))
    ci.state.mood = 'well'
    await look()
    expect(await lines()).toEqual(['playbook --on 1 --version 1.0'])
  })

  test('waits for no Consul, whose triggers say what is wrong with them', async () => {
    const wish: Wish = { ...done, ready: { on: { service: 'web' }, line: 'playbook --on {id}' } }
    bot(wish, more())
    await looked()
    built('1.0')
    await begun('playbook --on 1 --version 1.0')
    await wait('trouble', async () => /datacenters, \*trouble\* .*127\.0\.0\.1:1/.test(await text(wish, 'ready')))
  })

  test('is no worse than an audit that cannot be written: what could not be begun is begun later, the others at once', async () => {
    let full = true
    const before = async () => {
      if (full) throw new AuditUnavailable('The audit cannot be written.')
    }
    bot(done, more({ before }))
    await looked()
    built('1.0')
    built('latest')
    await look()
    expect(await text(done)).toMatch(/\*trouble\* .*The audit cannot be written/)
    expect(await text(done)).toMatch(/last refused .*`build 2, SUCCESS`/)
    full = false
    built('1.2')
    await look()
    expect(await lines()).toEqual(['playbook --on 1 --version 1.0', 'playbook --on 3 --version 1.2'])
  })

  test.each([
    ['with a wrong token', { JENKINS_USER: 'bot', JENKINS_TOKEN: 'stale-s3cret' }, /answered 401/],
    ['without one', { JENKINS_USER: 'bot' }, /JENKINS_TOKEN not set where the bot runs/],
  ])('%s is said once, without the token', async (_what, variables, why) => {
    const said: string[] = []
    const log = pino({}, { write: (line: string) => void said.push(line) })
    bot(done, more({ variables, log }))
    const wrong = () => said.filter((line) => line.includes('not looked at'))
    await wait('what is wrong', async () => wrong().length > 0)
    await look()
    const warned = wrong()
    expect(warned).toHaveLength(1)
    expect(warned[0]).toMatch(why)
    expect(await text(done)).toMatch(why)
    expect(said.join('') + (await text(done))).not.toMatch(/s3cret|11token22|Basic|authorization/i)
  })
})

describe('what is refused', () => {
  test('a parameter that does not fit, has more than a word in it, is not there, or is no text; each once', async () => {
    bot(done, more())
    await looked()
    built('latest')
    built('1.0 --on all')
    built('1'.repeat(5_000))
    ci.built()
    ci.built({ parameters: { VERSION: { x: 1 } } })
    await refused(5)
    await stopAll()
    bot(done, more())
    built('1.0')
    await begun('playbook --on 6 --version 1.0')
    expect(await lines()).toHaveLength(1)
    const all = await refusals()
    expect(all.every(({ who, via }) => who === 'trigger:done' && via === 'trigger')).toBe(true)
    expect(all.map(({ why }) => why).reverse()).toEqual([
      expect.stringMatching(/^\{VERSION\} does not fit .*\[0-9\.\]\+.*latest/),
      expect.stringMatching(/no plain word .*1\.0 --on all/),
      expect.stringMatching(/no plain word/),
      expect.stringMatching(/no plain word .*it is empty/),
      expect.stringMatching(/no plain word .*it is empty/),
    ])
    expect(await text(done)).toMatch(/last refused .*`build 5, SUCCESS`.*it is empty/)
  })

  test('whoever has no right, and the list says so before anything happens', async () => {
    bot(done, more({ members: [] }))
    await looked()
    await look()
    expect(await text(done, 'done', { members: [] })).toMatch(
      /may do nothing.*no role of the site has the member `trigger:done`/,
    )
    built('1.0')
    await refused()
    expect(await refusals()).toMatchObject([{ why: expect.stringMatching(/You have no role here/) }])
    expect(await text(done, 'done', { members: [] })).toMatch(/last refused .*You may not run `playbook`/)
  })

  test.each([
    [
      'a job that is not there',
      { jenkins: 'smoked' },
      'playbook',
      /names the job smoked; under jenkins there are smoke/,
    ],
    ['a result that is none', { jenkins: 'smoke', result: ['GREEN'] }, 'playbook', /result: .*SUCCESS, UNSTABLE/],
    ['a parameter without a pattern', { jenkins: 'smoke' }, 'playbook {VERSION}', /takes \{VERSION\}.*on\.parameters/],
    ['a parameter of a name that is taken', { jenkins: 'smoke', parameters: { number: '.*' } }, 'playbook', /number/],
    ['a pattern that is none', { jenkins: 'smoke', parameters: { A: '(' } }, 'playbook', /expected a regular/],
    ['two things at once', { jenkins: 'smoke', event: 'x' }, 'playbook', /expected \{ service, tag\?, dc\? \} or/],
  ])('a site with %s', (_what, bad, line, reason) => {
    expect(() => siteWith({ bad: { on: bad, line } } as Wish, more())).toThrow(reason)
  })
})
