import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/core/actor.ts'
import type { Outcome } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createCrew } from '../../src/engine/crew.ts'
import { alice, callerOf, carol, crewOf, waiting } from '../audit/crew.ts'
import { auditOf } from '../audit/redis.ts'
import { wanted, worker } from '../core/world.ts'
import { useRedis } from './redis.ts'

const here = useRedis()
const opened = () => crewOf(here, here.store, auditOf(here))
type Opened = ReturnType<typeof opened>

async function said({ crew }: Pick<Opened, 'crew'>, line: string, actor: Actor = alice, request?: string) {
  const reply = await crew.ask(line, callerOf(actor, request))
  return reply.kind === 'answered' ? reply.answer.text : ''
}

const APPLY = { stage: 'terraform.apply', attempt: 1 }

/** `loadtest up small` whose apply has ended, and left its log. */
async function applied({ crew, parts }: Opened): Promise<string> {
  const { execution } = await waiting({ crew, parts })
  const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: here.clock.now, digest: 'd1' } as const
  await here.store.tell(execution, { type: 'judged', judgment })
  await here.store.tell(execution, { type: 'stage.started', ...APPLY, worker })
  await parts.artifacts.of(execution).put('apply-log.txt', Buffer.from('one\ntwo\nthree\n'))
  const outcome: Outcome = { kind: 'failed', error: 'x', output: { files: ['apply-log.txt'] } }
  await here.store.tell(execution, { type: 'stage.ended', ...APPLY, outcome })
  return execution
}

describe('runs log', () => {
  test('shows the last stage that ran and left one, without being told which', async () => {
    const crew = opened()
    const id = await applied(crew)
    expect(await said(crew, `runs log ${id} --lines 2`)).toBe(
      `The last 2 of 3 lines of \`terraform.apply\` of \`${id}\`:\n\`two\`\n\`three\``,
    )
  })

  test('takes the stage as a second word or by its flag', async () => {
    const crew = opened()
    const id = await applied(crew)
    expect(await said(crew, `runs log ${id} terraform.apply`)).toContain('The last 3 of 3 lines')
    expect(await said(crew, `runs log ${id} --stage terraform.apply`)).toContain('The last 3 of 3 lines')
    await expect(said(crew, `runs log ${id} aply`)).rejects.toThrow(/has no stage `aply`; it has `terraform.plan`/)
  })

  test('says what is true where there is none', async () => {
    const crew = opened()
    const id = await applied(crew)
    expect(await said(crew, `runs log ${id} health`)).toBe(`\`health\` of \`${id}\` has not run, so there is no log.`)
    expect(await said(crew, `runs log ${id} terraform.plan`)).toBe(`\`terraform.plan\` of \`${id}\` has left no log.`)
    await crew.parts.artifacts.discard(id, ['apply-log.txt'])
    here.clock.now += 9 * 24 * 3_600_000
    expect(await said(crew, `runs log ${id}`)).toMatch(/is gone: logs are kept for a week, and it ended 9 d/)
  })

  test('of a stage that still runs, or of an execution that has begun nothing, says so', async () => {
    const crew = opened()
    await here.store.request(wanted({ id: 'fresh2', environment: null }), 'k1')
    expect(await said(crew, 'runs log fresh2')).toBe('No stage of `fresh2` has run yet.')
    await here.store.tell('fresh2', { type: 'stage.started', stage: 'terraform.plan', attempt: 1, worker })
    expect(await said(crew, 'runs log fresh2')).toMatch(/still runs; its log is there when it has ended/)
  })

  test('says that the key is wrong, and never that a log is gone which is there', async () => {
    const crew = opened()
    const id = await applied(crew)
    const artifacts = createArtifacts(here.redis, here.keys, 'cd'.repeat(32))
    const other = { crew: createCrew({ ...crew.parts, artifacts }) }
    await expect(said(other, `runs log ${id}`)).rejects.toThrow(
      /does not open with this GROUNDCREW_ARTIFACT_KEY.*same key/,
    )
  })
})

describe('an execution is found', () => {
  test('by a beginning of its id in any case, however many came after it', async () => {
    const crew = opened()
    await here.store.request(wanted({ id: 'k3f9x2ab' }), 'k1')
    for (let count = 0; count < 300; count++) {
      here.clock.now += 1
      await here.store.request(wanted({ id: `zz${count}`, environment: null, stages: [] }), `z${count}`)
    }
    for (const typed of ['k3f9x2ab', 'K3F9X2AB', 'k3f', 'K3f9'])
      expect(await said(crew, `runs show ${typed}`), typed).toContain('`k3f9x2ab`')
    await expect(said(crew, 'runs show k3')).rejects.toThrow(/There is no execution `k3`/)
    await expect(said(crew, 'runs show K3F9X2AC')).rejects.toThrow(/Did you mean `k3f9x2ab`/)
    await expect(said(crew, 'runs show zz1')).resolves.toContain('`zz1`')
    await expect(said(crew, 'runs show ZZ2x')).rejects.toThrow(/Did you mean `zz2/)
  })

  test('not by one that fits several, which are named', async () => {
    const crew = opened()
    for (const id of ['abcd2', 'abcd3']) await here.store.request(wanted({ id, environment: null }), id)
    await expect(said(crew, 'runs show ABC')).rejects.toThrow(/Did you mean `abcd[23]` or `abcd[23]`/)
  })
})

describe('runs cancel, delivered to two bots at once', () => {
  const both = async (line: string, actor = alice) => {
    const bots = [opened(), opened()]
    const answers = await Promise.allSettled(bots.map((bot) => said(bot, line, actor, 'same')))
    return answers.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))
  }

  test('of one that waits says twice that it is canceled', async () => {
    const { execution } = await waiting(opened())
    expect(await both(`runs cancel ${execution}`, carol)).toEqual([1, 2].map(() => `\`${execution}\` is canceled.`))
  })

  test('of one that is over never says that it is canceled', async () => {
    const id = await applied(opened())
    for (const answer of await both(`runs cancel ${id}`, carol)) expect(answer).toMatch(/over: failed/)
  })

  test('of one at unknown leaves it once, and says so twice', async () => {
    const crew = opened()
    const { execution } = await waiting(crew)
    const judgment = { stage: 'judgment', decision: 'approved', by: carol, at: here.clock.now, digest: 'd1' } as const
    await here.store.tell(execution, { type: 'judged', judgment })
    await here.store.tell(execution, { type: 'stage.started', ...APPLY, worker })
    await here.store.tell(execution, { type: 'stage.lost', ...APPLY, why: 'gone', repeatable: false })
    for (const answer of await both(`runs cancel ${execution}`, carol)) expect(answer).toMatch(/is left as it is/)
  })
})
