import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Actor, Person } from '../../src/core/actor.ts'
import type { Glass } from '../../src/core/break-glass/glass.ts'
import { command, createCatalog, z } from '../../src/core/command.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createGlassClock } from '../../src/engine/break-glass/clock.ts'
import { breakGlassOf, endGlass } from '../../src/engine/break-glass/deeds.ts'
import { GlassOver, markedAudit } from '../../src/engine/break-glass/held.ts'
import { createCrew, type Reply } from '../../src/engine/crew.ts'
import { cancel } from '../../src/engine/deeds.ts'
import { delegate } from '../../src/engine/delegate.ts'
import { createSweeper } from '../../src/engine/effects.ts'
import { freeze, override } from '../../src/engine/freeze.ts'
import { judge } from '../../src/engine/judge.ts'
import { endLifetime, extendLifetime } from '../../src/engine/lifetimes.ts'
import { steal } from '../../src/engine/locks.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { retry } from '../../src/engine/retry.ts'
import { rightsOf } from '../../src/engine/rights.ts'
import { judgment, stageKinds, terraform } from '../../src/stages/index.ts'
import { knownOf, textsOf, verdictOf } from '../audit/lines.ts'
import { written } from '../core/sample-site.ts'
import { PLAN, up } from '../core/world.ts'
import { runnerOf, workerOf } from './kinds.ts'
import { silent } from './quiet.ts'
import { type Here, until, useRedis } from './redis.ts'

const here = useRedis()
const [alice, bob, carol, lead, eve] = ['U01ALICE', 'U02BOB', 'U03CAROL', 'U07LEAD', 'U04EVE'].map(
  (user): Person => ({ kind: 'slack', team: 'T01TEAM', user }),
) as [Person, Person, Person, Person, Person]

const site = siteSchema.parse({
  ...written,
  channels: { ops: 'C01OPS', audit: 'C02AUDIT' },
  roles: {
    engineers: { members: ['U01ALICE', 'U07LEAD', 'shell:ann'], may: [{ commands: ['loadtest *', 'drift'] }] },
    approvers: { members: ['U02BOB', 'U03CAROL'], may: [{ commands: ['locks *', 'loadtest look'] }] },
    idle: { members: ['U05IDLE'] },
  },
  break_glass: {
    oncall: { who: ['engineers'], gives: ['approvers'], most: '1h', announce: ['audit', 'ops'] },
    chained: { who: ['approvers'], gives: ['idle'], announce: ['ops'] },
  },
})

const stages = () => [
  terraform.plan({}),
  judgment({ show: 'terraform.plan' }),
  terraform.apply({ plan: 'terraform.plan' }),
]
const commandNamed = (name: string, allow: string[], more: object = { stages }) => ({
  name,
  command: command({ summary: 'One.', examples: [''], environment: 'loadtest', allow, ...more } as never),
})
const commands = [
  commandNamed('loadtest up', ['engineers']),
  commandNamed('locks steal', ['approvers']),
  commandNamed('loadtest look', ['approvers'], { answer: async () => ({ text: 'fine' }) }),
  {
    name: 'drift',
    command: command({
      summary: 'Looks.',
      args: z.object({
        environment: z.string().describe('Which'),
        quiet: z.boolean().default(false).describe('Quiet'),
      }),
      examples: ['loadtest'],
      environment: ({ environment }) => environment,
      allow: ['engineers'],
      stages: () => [terraform.plan({ id: 'moved', refreshOnly: true })],
    }),
  },
]

function partsOf(change: Partial<CrewParts> = {}): CrewParts {
  const audit = createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: ['raised', 'lowered'] })
  return {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, kick: () => {} },
    audit: markedAudit(audit, here.store.glasses),
    catalog: createCatalog(commands, site),
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
    ...change,
  } as CrewParts
}

const asked = (actor: Actor, request: string = randomUUID()) => ({ actor, roles: [], channel: 'C01OPS', request })
const wish = { role: 'oncall', for: '30m', why: 'the shop is down' }
const begin = (actor: Actor, change = {}, parts = partsOf(), request: string = randomUUID()) =>
  breakGlassOf(parts, asked(actor, request)).begin({ ...wish, ...change })

async function held(): Promise<Glass> {
  const [glass] = (await here.store.glasses.look()).glasses
  if (!glass) throw new Error('Nobody holds one.')
  return glass
}
const ask = (actor: Actor, line: string, parts = partsOf(), request = randomUUID()) =>
  createCrew(parts).ask(line, { actor, origin: { channel: 'C01OPS', via: 'slack' }, request })
async function started(actor: Actor, line: string, request = randomUUID()) {
  const reply = await ask(actor, line, partsOf(), request)
  if (reply.kind !== 'started') throw new Error(`${line} only answered.`)
  return reply.execution
}
async function lines(parts = partsOf()) {
  await parts.audit.flush()
  return (await parts.audit.find({ limit: 100 })).reverse().map(({ entry }) => entry)
}
/** Brings an execution to where its judgment waits: as a worker would. */
async function planned(id: string) {
  await here.store.tell(id, { type: 'stage.started', stage: 'terraform.plan', attempt: 1, worker: workerOf('w1') })
  const output = { digest: 'd1', needsApply: true, summary: { headline: 'one' } }
  await here.store.tell(id, {
    type: 'stage.ended',
    stage: 'terraform.plan',
    attempt: 1,
    outcome: { kind: 'succeeded', output },
  })
  expect((await here.store.execution(id))?.stages[1]?.state).toBe('waiting')
}
const approve = (actor: Actor, execution: string, request = randomUUID()) =>
  judge(partsOf(), { execution, stage: 'judgment', attempt: 1, decision: 'approved' }, actor, request)

/** All that only bots do, as often as there is something due. */
async function bot(parts = partsOf(), more: Partial<Here> = {}) {
  const at = { due: here.keys.dueForBots, effects: here.keys.effects }
  const all = { ...here, ...more }
  const sweeper = createSweeper(all.redis, at, createGlassClock(parts), all.now, silent)
  sweeper.kick()
  await sweeper.stop()
}
async function messages(kind: string) {
  const names = await here.redis.zrange(here.keys.outbox, '0', '-1')
  return names.filter((name) => name.startsWith(kind)).sort()
}

describe('begin', () => {
  test('gives the rights, says so in each channel in the same step, and is recorded', async () => {
    expect(await begin(alice)).toMatch(/You have `approvers` until .* \(break glass `\w{8}`\)/)
    const glass = await held()
    expect(glass).toMatchObject({ role: 'oncall', gives: ['approvers'], by: alice, why: 'the shop is down' })
    expect(glass.until - glass.from).toBe(30 * 60_000)
    expect(await messages('glass:')).toEqual([`glass:${glass.id}:audit`, `glass:${glass.id}:ops`])
    expect(await rightsOf(partsOf(), alice)).toEqual({
      own: ['engineers'],
      roles: ['engineers', 'approvers'],
      glass: [glass.id],
    })
    expect(await rightsOf(partsOf(), lead)).toMatchObject({ roles: ['engineers'], glass: [] })
    const until = new Date(glass.until).toISOString()
    expect(await lines()).toEqual([
      expect.objectContaining({ kind: 'raised', who: 'T01TEAM/U01ALICE', glass: glass.id, until, why: glass.why }),
    ])
  })

  test.each([
    ['somebody who is not of its group', bob, {}, /Only `engineers` may break glass `oncall`. You have `approvers`/],
    ['somebody without a role', eve, {}, /You have no role/],
    ['a shell', { kind: 'shell', user: 'ann' }, {}, /Only a person in Slack/],
    ['a schedule', { kind: 'schedule', id: 'k3f9', owner: alice }, {}, /Only a person in Slack/],
    ['a webhook', { kind: 'webhook', name: 'ci' }, {}, /Only a person in Slack/],
    ['longer than the site allows', alice, { for: '61m' }, /may last 1h at most; `--for 61m` is longer/],
    ['what is no duration', alice, { for: 'ever' }, /is not a duration/],
    ['no real reason', alice, { why: '  help     me' }, /in 10 to 300 characters.* has 7/],
    ['a name that is none', alice, { role: 'oncal' }, /There is no `oncal`.*Did you mean `oncall`/],
    ['a name of the language', alice, { role: 'constructor' }, /There is no `constructor`/],
  ] as [string, Actor, object, RegExp][])('is refused to %s, and that is recorded', async (_, actor, change, why) => {
    await expect(begin(actor, change)).rejects.toThrow(why)
    expect((await here.store.glasses.look()).glasses).toEqual([])
    expect((await lines()).at(-1)).toMatchObject({ kind: 'refused', line: expect.stringMatching(/^breakglass/) })
  })

  test('is off where the site does not turn it on, and what was raised before counts no more', async () => {
    await begin(alice)
    const off = partsOf({ site: { ...site, break_glass: {} } })
    await expect(begin(alice, {}, off)).rejects.toThrow(/is off/)
    expect(await rightsOf(off, alice)).toMatchObject({ roles: ['engineers'], glass: [] })
  })

  test('the same delivery twice is once; a second one beside it is refused, also of two at the same moment', async () => {
    await Promise.all([begin(alice, {}, partsOf(), 'one'), begin(alice, {}, partsOf(), 'one')])
    await begin(alice, {}, partsOf(), 'one')
    expect((await here.store.glasses.look()).glasses).toHaveLength(1)
    await expect(begin(alice)).rejects.toThrow(/You hold `oncall` already/)
    await begin(lead)
    await endGlass(partsOf(), (await held()).id, asked(eve))
    const two = await Promise.allSettled([begin(alice), begin(alice), begin(lead), begin(lead)])
    expect((await here.store.glasses.look()).glasses).toHaveLength(2)
    expect(two.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(2)
    expect((await lines()).filter(({ kind }) => kind === 'raised')).toHaveLength(3)
  })

  test('one does not open the next: the rights of the group have to be his own', async () => {
    await begin(alice)
    await expect(begin(alice, { role: 'chained' })).rejects.toThrow(/Only `approvers`.* not counting/)
  })

  test('it is over with the role that it stood on', async () => {
    await begin(alice)
    const { engineers, ...roles } = site.roles
    const without = { ...site, roles: { ...roles, engineers: { ...engineers, members: [] } } } as typeof site
    expect(await rightsOf(partsOf({ site: without }), alice)).toMatchObject({ roles: [], glass: [] })
  })
})

describe('what it is good for', () => {
  test('a command that he may not run otherwise; the execution and its lines bear the mark, from begin to end', async () => {
    await expect(ask(alice, 'locks steal')).rejects.toThrow(/You may not run `locks steal`/)
    await begin(alice)
    const { id } = await held()
    const execution = await started(alice, 'locks steal')
    expect(execution.glass).toEqual([{ id, by: 'T01TEAM/U01ALICE' }])
    await planned(execution.id)
    await expect(ask(alice, 'nothing like this')).rejects.toThrow()
    await ask(lead, 'loadtest up')
    const marked = (await lines()).map(({ kind, who, glass }) => [kind, who.slice(-5), glass])
    expect(marked).toEqual(
      expect.arrayContaining([
        ['refused', 'ALICE', undefined],
        ['asked', 'ALICE', id],
        ['stored', 'ALICE', id],
        ['started', 'ALICE', id],
        ['ended', 'ALICE', id],
        ['refused', 'ALICE', id],
        ['asked', '7LEAD', undefined],
      ]),
    )
  })

  test('he approves what another asked for, and the worker counts that after it has ended', async () => {
    const execution = await started(lead, 'loadtest up')
    await planned(execution.id)
    await expect(approve(alice, execution.id)).rejects.toThrow(/Only `approvers` may judge/)
    await begin(alice)
    const { id } = await held()
    await approve(alice, execution.id)
    expect((await here.store.execution(execution.id))?.judgments).toMatchObject([{ by: alice, glass: [id] }])
    await endGlass(partsOf(), id, asked(eve))
    expect((await lines()).filter(({ kind }) => kind === 'judged')).toMatchObject([{ glass: id }])
    expect(await outcomeOf(execution.id)).not.toMatch(/may no longer/)
  })

  test('never what he asked for himself, before or under it', async () => {
    const before = await started(alice, 'loadtest up')
    await planned(before.id)
    await begin(alice)
    await expect(approve(alice, before.id)).rejects.toThrow(/asked for this, so somebody else/)
  })

  test('nor what he asked for from a shell, where he has another name', async () => {
    const shell: Actor = { kind: 'shell', user: 'ann' }
    const { id } = await started(shell, 'loadtest up')
    await planned(id)
    await begin(alice)
    await expect(approve(alice, id)).rejects.toThrow(/not known which person in Slack asked for it/)
    await approve(carol, id)
  })

  test('nor does another with raised rights what was asked for under it; who has the right himself does', async () => {
    await begin(alice)
    await begin(lead)
    const execution = await started(alice, 'loadtest up')
    await planned(execution.id)
    await expect(approve(lead, execution.id)).rejects.toThrow(
      /asked for under break glass.*himself.*@U07LEAD has it by/,
    )
    await expect(approve(alice, execution.id)).rejects.toThrow(/asked for this/)
    await approve(carol, execution.id)
    expect((await here.store.execution(execution.id))?.judgments[0]?.glass).toBeUndefined()
  })

  test('it is not his to hand over: then nobody could use it, and he himself no more', async () => {
    const parts = partsOf({ site: { ...site, judgment: { ...site.judgment, delegate: true } } })
    const { execution } = (await ask(lead, 'loadtest up', parts)) as Extract<Reply, { kind: 'started' }>
    await planned(execution.id)
    await begin(alice)
    const pressed = { execution: execution.id, stage: 'judgment', attempt: 1, to: eve }
    await expect(delegate(parts, pressed, alice, randomUUID())).rejects.toThrow(/break glass is not yours to hand over/)
    await approve(alice, execution.id)
  })

  test('what the clock runs for him has none of it', async () => {
    await begin(alice)
    const byClock: Actor = { kind: 'schedule', id: 'k3f9', owner: alice }
    expect(await rightsOf(partsOf(), byClock)).toMatchObject({ roles: ['engineers'], glass: [] })
    await expect(ask(byClock, 'locks steal')).rejects.toThrow(/You may not run/)
  })
})

describe('what comes of it later', () => {
  test('a retry by another is still asked for under it; nobody with raised rights approves that', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(alice, 'loadtest up')
    await here.store.tell(execution.id, { type: 'stage.started', stage: PLAN, attempt: 1, worker: workerOf('w1') })
    const outcome = { kind: 'failed', error: 'no' } as const
    await here.store.tell(execution.id, { type: 'stage.ended', stage: PLAN, attempt: 1, outcome })
    const failed = await here.store.execution(execution.id)
    if (!failed) throw new Error('It is gone.')
    const said = await retry(partsOf(), failed, { ...asked(lead), roles: ['engineers'] }, true)
    const again = await here.store.execution(/^`(\w+)`/.exec(said)?.[1] ?? '')
    expect(again).toMatchObject({ actor: lead, glass: [{ id, by: 'T01TEAM/U01ALICE' }] })
  })

  test('the end of a time that was asked for under it counts as asked for so, too', async () => {
    const glass = [{ id: 'g1', by: 'T01TEAM/U01ALICE' }]
    const story = up({ lifetime: '4h', glass })
    expect(story.environment?.lifetime).toMatchObject({ glass })
    const lifetime = story.environment?.lifetime ?? null
    await here.store.alter('loadtest', (environment) => ({ environment: { ...environment, lifetime }, effects: [] }))
    await endLifetime(partsOf() as never, 'loadtest', lifetime?.id ?? '')
    expect(await here.store.execution(`end-${lifetime?.id}`)).toMatchObject({ glass })
  })

  test('so does more of that time, which somebody asked for under one', async () => {
    const story = up({ lifetime: '4h', actor: lead, glass: [{ id: 'g0', by: 'T01TEAM/U07LEAD' }] })
    const lifetime = story.environment?.lifetime ?? null
    await here.store.alter('loadtest', (environment) => ({ environment: { ...environment, lifetime }, effects: [] }))
    await begin(alice)
    const { id } = await held()
    const request = { key: 'more', value: lifetime?.id ?? '', under: [id] }
    const parts = { ...partsOf(), now: () => story.now }
    const longer = await extendLifetime(parts as never, 'loadtest', alice, request)
    expect(longer.lifetime).toMatchObject({
      glass: [
        { id: 'g0', by: 'T01TEAM/U07LEAD' },
        { id, by: 'T01TEAM/U01ALICE' },
      ],
    })
    await endGlass(partsOf(), id, asked(eve))
    const late = { ...request, key: 'later', value: longer.lifetime?.id ?? '' }
    await expect(extendLifetime(parts as never, 'loadtest', alice, late)).rejects.toThrow(GlassOver)
  })

  test('the chain of the audit stays whole, and lines of before it have no mark', async () => {
    await ask(alice, 'loadtest up')
    await begin(alice)
    const { id } = await held()
    await started(alice, 'loadtest up')
    const parts = partsOf()
    await parts.audit.flush()
    const all = (await parts.audit.find({ limit: 100 })).reverse()
    expect(await verdictOf(textsOf(all), knownOf(all))).toMatchObject({ lines: all.length, problems: [] })
    const marks = all.map(({ entry }) => entry.glass)
    expect(marks).toContain(id)
    expect(marks[0]).toBe(undefined)
  })
})

describe('its end', () => {
  test('anybody ends it, once: the next command is refused, and a replayed click says that it is over', async () => {
    await begin(alice)
    const { id } = await held()
    expect(await endGlass(partsOf(), id, asked(eve, 'click'))).toMatch(/is over: the rights are gone/)
    expect(await endGlass(partsOf(), id, asked(eve, 'click'))).toMatch(/is over already: ended by @U04EVE/)
    expect(await endGlass(partsOf(), id, asked(bob))).toMatch(/is over already: ended by @U04EVE/)
    await expect(ask(alice, 'locks steal')).rejects.toThrow(/You may not run/)
    expect((await lines()).filter(({ kind }) => kind === 'lowered')).toMatchObject([
      { who: 'T01TEAM/U04EVE', glass: id, what: 'break glass oncall of T01TEAM/U01ALICE' },
    ])
    await expect(endGlass(partsOf(), 'nothing', asked(eve))).rejects.toThrow(/There is no break glass `nothing`/)
  })

  test('it ends by the clock of Redis, with nobody there and whatever a process thinks the time is', async () => {
    here.clock.now -= 3_600_000
    await begin(alice, { for: '1s' })
    const { id } = await held()
    expect((await rightsOf(partsOf(), alice)).roles).toContain('approvers')
    await until(async () => (await here.store.glasses.look()).glasses.length === 0)
    expect((await rightsOf(partsOf(), alice)).roles).toEqual(['engineers'])
    await expect(ask(alice, 'locks steal')).rejects.toThrow(/You may not run/)
    expect(await here.store.glasses.find(id)).toMatchObject({ ended: null })
    // Pressed after its time it was over by that, and not by who pressed.
    expect(await endGlass(partsOf(), id, asked(eve))).toMatch(/is over/)
    expect((await here.store.glasses.find(id))?.ended).toMatchObject({ by: null })
  })

  test('a bot whose clock is ahead does not end it early', async () => {
    await begin(alice)
    here.clock.now += 3_600_000
    await bot()
    expect((await held()).ended).toBe(null)
  })

  test('what was looked at while it held and is stored after its end is not stored', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(lead, 'loadtest up')
    await planned(execution.id)
    const raced = { ...here.store, tell: endingFirst(here.store.tell), request: endingFirst(here.store.request) }
    const verdict = { execution: execution.id, stage: 'judgment', attempt: 1, decision: 'approved' } as const
    await expect(judge(partsOf({ store: raced as never }), verdict, alice, 'late')).rejects.toThrow(GlassOver)
    expect((await here.store.execution(execution.id))?.judgments).toEqual([])
    expect((await lines()).at(-1)).toMatchObject({ kind: 'refused', why: expect.stringMatching(/ended just now/) })
    expect((await here.store.glasses.find(id))?.ended).not.toBe(null)
  })

  test('neither is what he let through outside its window', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(lead, 'loadtest up')
    const loadtest = { ...site.environments.loadtest, outside_window: ['approvers'] }
    const raced = { ...here.store, tell: endingFirst(here.store.tell) }
    const parts = partsOf({ store: raced as never, site: { ...site, environments: { loadtest } } as never })
    const holding = { ...asked(alice), roles: ['approvers'], glass: [id] }
    await expect(override(parts, execution.id, 'it burns', holding)).rejects.toThrow(GlassOver)
    expect((await here.store.execution(execution.id))?.override).toBeUndefined()
  })

  test('neither is a cancel of what somebody else asked for, a stolen lock or a freeze; who asked cancels his own', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(lead, 'loadtest up')
    const raced = { ...here.store, tell: endingFirst(here.store.tell), alter: endingFirst(here.store.alter) }
    const mayCancel = { ...site.roles, approvers: { ...site.roles.approvers, may: [{ commands: ['runs cancel'] }] } }
    const more = commandNamed('runs cancel', ['approvers'], { answer: async () => ({ text: 'done' }) })
    const changed = { site: { ...site, roles: mayCancel }, catalog: createCatalog([...commands, more], site) }
    const parts = partsOf({ store: raced, ...changed } as never)
    const holding = () => ({ ...asked(alice), roles: ['engineers', 'approvers'], glass: [id] })
    const once = () => ({ request: randomUUID() })
    await expect(cancel(parts, execution.id, holding(), once())).rejects.toThrow(GlassOver)
    const wish = { environment: 'loadtest', until: '1h', why: 'it burns' }
    await expect(freeze(parts, wish, holding())).rejects.toThrow(GlassOver)
    expect(await here.store.execution(execution.id)).toMatchObject({ cancel: null, status: 'running' })
    // Of an execution that nobody knows any more.
    const orphan = (record: EnvironmentRecord) =>
      record.lock && { environment: { ...record, lock: { ...record.lock, execution: 'gone' } }, effects: [] }
    await here.store.alter('loadtest', orphan)
    await expect(steal(parts, 'loadtest', 'it hangs', holding())).rejects.toThrow(GlassOver)
    const { lock, freeze: frozen = null } = await here.store.environment('loadtest')
    expect([lock?.execution, frozen]).toEqual(['gone', null])
    const own = { ...holding(), actor: lead }
    expect((await cancel(parts, execution.id, own, once())).cancel).toMatchObject({ by: lead })
  })

  /** The button is pressed between the check of rights and the storing. */
  function endingFirst<Given extends unknown[], T>(work: (...given: Given) => Promise<T>) {
    return async (...given: Given): Promise<T> => {
      for (const { id } of (await here.store.glasses.look()).glasses) await endGlass(partsOf(), id, asked(eve))
      return work(...given)
    }
  }

  test('a command that was asked for under it and starts after its end is refused by the worker', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(alice, 'locks steal')
    await endGlass(partsOf(), id, asked(eve))
    const said = await outcomeOf(execution.id, 'terraform.plan')
    expect(said).toMatch(/@U01ALICE may no longer run this/)
    expect(said).toMatch(`It was asked for under break glass \`${id}\`, which is over`)
  })
})

/** What a real worker makes of the next stage, with nothing but Redis to ask. */
async function outcomeOf(id: string, stage = 'terraform.apply') {
  const runner = runnerOf(here, workerOf('w1'), { site, kinds: stageKinds })
  const attempt = (await here.store.execution(id))?.stages.find((each) => each.id === stage)?.attempt ?? 0
  await runner.start({ execution: id, stage, attempt })
  return JSON.stringify((await here.store.execution(id))?.stages.find((each) => each.id === stage)?.outcome)
}

describe('the summary', () => {
  test('looks for drift of what was changed, once, and is complete when that is over', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(lead, 'loadtest up')
    await planned(execution.id)
    await approve(alice, execution.id)
    await ask(alice, 'loadtest look')
    await here.store.tell(execution.id, {
      type: 'stage.started',
      stage: 'terraform.apply',
      attempt: 1,
      worker: workerOf('w1'),
    })
    await endGlass(partsOf(), id, asked(eve))
    await Promise.all([bot(), bot()])
    await bot()
    const [look, ...others] = (await here.store.glasses.find(id))?.looks ?? []
    expect(others).toEqual([])
    expect(look).toMatchObject({ target: 'loadtest', execution: expect.any(String) })
    const looking = await here.store.execution(look?.execution ?? '')
    expect(looking).toMatchObject({
      line: 'drift loadtest --quiet',
      actor: { kind: 'breakglass', glass: id },
      allow: [],
    })
    expect(await messages('glass-summary:')).toEqual([`glass-summary:${id}:audit`, `glass-summary:${id}:ops`])
    expect((await here.store.glasses.find(id))?.summedAt).toBe(null)
    await here.store.tell(look?.execution ?? '', { type: 'cancel', by: bob, why: '', force: false })
    here.clock.now += 60_000
    await bot()
    expect((await here.store.glasses.find(id))?.summedAt).toEqual(expect.any(Number))
    expect((await here.store.list({ limit: 10 })).filter(({ command }) => command === 'drift')).toHaveLength(1)
  })

  test('nothing was changed: nobody looks, and it is complete at once', async () => {
    await begin(alice, { for: '1s' })
    const { id } = await held()
    await ask(alice, 'loadtest look')
    await started(alice, 'loadtest up').then(({ id: run }) =>
      here.store.tell(run, { type: 'cancel', by: alice, why: '', force: false }),
    )
    await until(async () => (await here.store.glasses.look()).glasses.length === 0)
    here.clock.now += 2_000
    await bot()
    await bot()
    expect(await here.store.glasses.find(id)).toMatchObject({
      looks: [],
      summedAt: expect.any(Number),
      ended: { by: null },
    })
    expect((await lines()).filter(({ kind }) => kind === 'lowered')).toMatchObject([{ who: `breakglass:${id}` }])
  })

  test('a site without the command to look says so and is complete all the same', async () => {
    await begin(alice)
    const { id } = await held()
    const execution = await started(alice, 'loadtest up')
    const parts = partsOf({ catalog: createCatalog(commands.slice(0, 3), site) })
    await endGlass(parts, id, asked(eve))
    await bot(parts)
    await bot(parts)
    const glass = await here.store.glasses.find(id)
    expect(glass?.looks).toEqual([{ target: 'loadtest', execution: null, why: expect.stringMatching(/drift/) }])
    expect(glass?.summedAt).toEqual(expect.any(Number))
    expect(execution.glass).toHaveLength(1)
  })

  test.each(['the end', 'the looks', 'the summary'])(
    'a bot that dies right after %s leaves the rest to the next one',
    async (point) => {
      await begin(alice)
      const { id } = await held()
      const execution = await started(alice, 'loadtest up')
      await endGlass(partsOf(), id, asked(eve))
      const alter = here.store.glasses.alter
      // The process dies where it would store the next step: what it did before is stored, what comes after is not.
      const dies = {
        ...here.store,
        glasses: { ...here.store.glasses, alter: async () => Promise.reject(new Error('killed')) },
      }
      const onlyOnce = { ...dies, glasses: { ...dies.glasses, alter: oneThenDead(alter) } }
      if (point === 'the looks') await bot(partsOf({ store: dies as never }))
      if (point === 'the summary') await bot(partsOf({ store: onlyOnce as never }))
      here.clock.now += 60_000
      await bot()
      await bot()
      const looks = (await here.store.glasses.find(id))?.looks
      expect(looks).toHaveLength(1)
      expect((await here.store.list({ limit: 10 })).map(({ command }) => command).sort()).toEqual([
        'drift',
        'loadtest up',
      ])
      expect(await messages('glass-summary:')).toHaveLength(2)
      expect(execution.id).not.toBe(looks?.[0]?.execution)
    },
  )

  function oneThenDead<Given extends unknown[], T>(work: (...given: Given) => Promise<T>) {
    let times = 0
    return async (...given: Given) => {
      if (times++ > 0) throw new Error('killed')
      return work(...given)
    }
  }
})

test('a line about it draws its messages anew, and is found by its id', async () => {
  await begin(alice)
  const { id } = await held()
  await ask(alice, 'loadtest look')
  await here.redis.del(here.keys.outbox)
  const parts = partsOf()
  await ask(alice, 'loadtest look', parts)
  await parts.audit.flush()
  expect(await messages('glass-lines:')).toEqual([`glass-lines:${id}`])
  const { lines: about } = await parts.audit.about({ execution: `glass-${id}`, since: 0, limit: 10 })
  expect(about.map(({ entry }) => [entry.kind, entry.line])).toEqual([
    ['asked', 'loadtest look'],
    ['asked', 'loadtest look'],
  ])
})

test('an effect about one that was forgotten is done with', async () => {
  expect(await createGlassClock(partsOf())({ do: 'glass', glass: 'gone', at: 0 }, 1)).toBe('done')
})
