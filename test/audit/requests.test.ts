import { expect, test } from 'vitest'
import { cancel } from '../../src/engine/deeds.ts'
import { judge } from '../../src/engine/judge.ts'
import { alice, callerOf, carol, crewOf, eve, waiting } from './crew.ts'
import { auditOf, streamOf, useRedis } from './redis.ts'

const here = useRedis()
const opened = () => crewOf(here, here.store, auditOf(here))
const entries = async () => {
  await auditOf(here).flush()
  return (await streamOf(here)).map(({ entry }) => entry)
}
const kinds = async () => (await entries()).map(({ kind }) => kind)

test('a request is recorded before it is stored: who, what, where, and by which rule', async () => {
  const { crew } = opened()
  const reply = await crew.ask('loadtest up small', callerOf(alice))
  const execution = reply.kind === 'started' ? reply.execution.id : ''
  const [asked, stored, locked] = await entries()
  expect(asked).toEqual({
    kind: 'asked',
    execution,
    who: 'T01DEMO/U01ALICE',
    line: 'loadtest up small',
    environment: 'loadtest',
    channel: 'C01OPS',
    via: 'slack',
    rule: 'roles.engineers.may[0]',
  })
  expect(stored).toMatchObject({ kind: 'stored', execution })
  expect(locked).toMatchObject({ kind: 'locked', execution, environment: 'loadtest' })
})

test('a request that is delivered twice is recorded once', async () => {
  const { crew } = opened()
  const caller = callerOf(alice)
  await Promise.all([crew.ask('loadtest up small', caller), crew.ask('loadtest up small', caller)])
  await crew.ask('loadtest up small', caller)
  expect(await kinds()).toEqual(['asked', 'stored', 'locked'])
  await Promise.allSettled([1, 2].map(() => crew.ask('loadtest up small', { ...caller, actor: eve, request: 'other' })))
  expect((await kinds()).filter((kind) => kind === 'refused')).toHaveLength(1)
})

test.each([
  ['of somebody who may not', eve, 'loadtest up small', /may not run `loadtest up`/],
  ['for something that there is not', alice, 'laodtest up', /laodtest/],
  ['with a value that there is not', alice, 'loadtest up huge', /huge/],
  ['for longer than allowed', alice, 'loadtest up small --for 100h', /24h/],
])('a request %s is refused, and recorded with the reason', async (_what, actor, line, why) => {
  await expect(opened().crew.ask(line, callerOf(actor))).rejects.toThrow(why)
  const [refused, ...more] = await entries()
  expect(refused).toMatchObject({ kind: 'refused', line, why: expect.stringMatching(why) })
  expect(refused?.who).toBe(actor.kind === 'slack' ? `T01DEMO/${actor.user}` : '')
  expect(more).toEqual([])
})

test('questions are recorded as well, help among them', async () => {
  const { crew } = opened()
  await crew.ask('whoami', callerOf(eve))
  await crew.ask('help', callerOf(eve))
  expect(await entries()).toMatchObject([
    { kind: 'asked', line: 'whoami', rule: 'everyone may' },
    { kind: 'asked', line: 'help' },
  ])
})

test('a click is recorded with its decision, and the judgment that came of it', async () => {
  const { crew, parts } = opened()
  const verdict = { ...(await waiting({ crew, parts })), decision: 'approved' } as const
  await expect(judge(parts, verdict, alice, 'click:1')).rejects.toThrow(/somebody else has to judge/)
  await expect(judge(parts, verdict, alice, 'click:1')).rejects.toThrow(/somebody else has to judge/)
  await judge(parts, verdict, carol, 'click:2')
  await judge(parts, verdict, carol, 'click:2')
  await expect(judge(parts, verdict, carol, 'click:3')).rejects.toThrow(/Already decided/)
  const { execution } = verdict
  expect((await entries()).slice(5)).toMatchObject([
    { kind: 'refused', who: 'T01DEMO/U01ALICE', what: 'approve', execution },
    { kind: 'asked', who: 'T01DEMO/U03CAROL', what: 'approve', execution, rule: 'approvers: approvers' },
    { kind: 'judged', who: 'T01DEMO/U03CAROL', decision: 'approved', digest: 'd1', execution },
    { kind: 'asked', what: 'approve' },
    { kind: 'refused', who: 'T01DEMO/U03CAROL', why: expect.stringContaining('Already decided') },
  ])
})

test('a cancel is recorded, by whom it was', async () => {
  const { crew, parts } = opened()
  const { execution } = await waiting({ crew, parts })
  const asked = { actor: eve, roles: [], channel: null }
  await expect(cancel(parts, execution, asked, { request: 'click:1' })).rejects.toThrow()
  await cancel(parts, execution, { ...asked, actor: carol, roles: ['approvers'] }, { request: 'click:2' })
  expect((await entries()).slice(5)).toMatchObject([
    { kind: 'refused', who: 'T01DEMO/U04EVE', what: 'cancel', execution },
    { kind: 'asked', who: 'T01DEMO/U03CAROL', what: 'cancel', execution },
    { kind: 'canceled', who: 'T01DEMO/U03CAROL' },
    { kind: 'finished', outcome: 'canceled' },
    { kind: 'unlocked', who: 'T01DEMO/U01ALICE' },
  ])
})

test('the audit is asked in chat, newest first, by person, environment, time and number; only by its role', async () => {
  const { crew } = opened()
  await crew.ask('loadtest up small', callerOf(alice))
  await crew.ask('whoami', callerOf(eve))
  const said = async (line: string) => {
    const reply = await crew.ask(line, callerOf(carol))
    return reply.kind === 'answered' ? reply.answer.text.split('\n') : []
  }
  expect((await said('audit --who U04EVE'))[0]).toMatch(/^4\. 2026-11-20 17:40 UTC \*asked\* @U04EVE `whoami`/)
  expect((await said('audit --env loadtest')).map((line) => line.split('.')[0])).toEqual(['3', '2', '1'])
  expect(await said('audit --env loadtest --limit 2')).toHaveLength(2)
  expect((await said('audit --limit 1'))[0]).toContain('@U03CAROL `audit --limit 1`')
  here.clock.now += 3_600_000
  expect(await said('audit --who U04EVE --since 30m')).toEqual(['Nothing that fits was recorded in the last 30m.'])
  await expect(crew.ask('audit', callerOf(alice))).rejects.toThrow(/`approvers` may/)
})
