import { expect, test } from 'vitest'
import type { AuditEntry, AuditLine } from '../../../src/core/audit.ts'
import { auditText } from '../../../src/core/audit.ts'
import { deedsOf, executionsOf } from '../../../src/core/break-glass/deeds.ts'
import { lookLine, targetsOf } from '../../../src/core/break-glass/end.ts'
import { underGlass } from '../../../src/core/break-glass/glass.ts'
import { refusalToJudgeWith } from '../../../src/core/break-glass/judging.ts'
import type { GlassView } from '../../../src/core/break-glass/view.ts'
import { deedView, lookView, summaryText } from '../../../src/core/break-glass/view.ts'
import type { StageKinds } from '../../../src/core/workflow.ts'
import { stageKinds } from '../../../src/stages/index.ts'
import { alice, applying, bob, carol, START, up, waiting } from '../world.ts'

const me = 'T01TEAM/U01ALICE'
const line = (entry: Partial<AuditEntry>, seq = 1): AuditLine => ({
  ...{ seq, at: new Date(START + seq * 1000).toISOString(), prev: '', hash: '' },
  entry: { kind: 'asked', who: me, glass: 'g1', ...entry },
})
const told = (...entries: Partial<AuditEntry>[]) =>
  deedsOf(entries.map(line), me).map(({ what, execution, refused, decision }) => [what, execution, refused, decision])

test('a command, what it began, and one that only answered', () => {
  expect(
    told(
      { line: 'up small', execution: 'e1' },
      { kind: 'stored', line: 'up small', execution: 'e1' },
      { line: 'list' },
    ),
  ).toEqual([
    ['up small', 'e1', null, null],
    ['list', null, null, null],
  ])
})

test('a retry is told with what it began', () => {
  expect(told({ line: 'runs retry e1 --go' }, { kind: 'stored', line: 'up small', execution: 'e2' })).toEqual([
    ['runs retry e1 --go', null, null, null],
    ['up small', 'e2', null, null],
  ])
})

test('a judgment once; a press that was refused as that; nothing of anybody else', () => {
  expect(
    told(
      { what: 'approve', line: 'up small', execution: 'e1' },
      { kind: 'judged', line: 'up small', execution: 'e1', decision: 'approved' },
      { kind: 'judged', who: 'T01TEAM/U03CAROL', line: 'up small', execution: 'e1', decision: 'rejected' },
      { kind: 'refused', what: 'approve', line: 'down', execution: 'e2', why: 'no' },
      { what: 'cancel', line: 'up small', execution: 'e1' },
    ),
  ).toEqual([
    ['up small', 'e1', null, 'approved'],
    ['approve: down', null, 'no', null],
    ['cancel: up small', 'e1', null, null],
  ])
})

test('what was allowed and refused by the answer is one deed; what was refused another time does not take its place', () => {
  const allowed = { line: 'audit', rule: 'roles.approvers.may[0]' }
  expect(told(allowed, { kind: 'refused', ...allowed, why: 'nothing there' })).toEqual([
    ['audit', null, 'nothing there', null],
  ])
  expect(told(allowed, { kind: 'refused', line: 'audit', why: 'no more' })).toHaveLength(2)
})

test('the executions that it was about are those begun and approved, not those rejected or refused', () => {
  const deeds = deedsOf(
    [
      line({ line: 'up', execution: 'e1' }),
      line({ kind: 'judged', line: 'up', execution: 'e2', decision: 'approved' }),
      line({ kind: 'judged', line: 'up', execution: 'e3', decision: 'rejected' }),
      line({ kind: 'refused', line: 'up', execution: 'e4', why: 'no' }),
    ],
    me,
  )
  expect(executionsOf(deeds)).toEqual(['e1', 'e2'])
})

test('looked at is what was changed or still may be: not what never began, and no images', () => {
  const kind = (repeatable: boolean) => ({ repeatable }) as never
  const kinds: StageKinds = new Map([
    ['terraform.plan', kind(true)],
    ['judgment', kind(true)],
    ['terraform.apply', kind(false)],
  ])
  const open = waiting().execution
  const never = { ...open, id: 'e2', environment: 'never', endedAt: START }
  const begun = { ...applying().execution, environment: 'begun', endedAt: START }
  const image = { ...applying().execution, environment: 'image:base' }
  const looked = { ...open, environment: 'looked', stages: open.stages.slice(0, 1) }
  expect(targetsOf([open, never, begun, image, looked, open], kinds)).toEqual([open.environment, 'begun'])
  expect(lookLine('loadtest')).toBe('drift loadtest --quiet')
  expect(lookLine('kv:app')).toBe('kv drift app --quiet')
})

test('settings are looked at too, although they may be written again', () => {
  const settings = applying().execution
  const stages = settings.stages.map((stage) =>
    stage.kind === 'terraform.apply' ? { ...stage, kind: 'kv.apply' } : { ...stage, kind: 'kv.plan' },
  )
  expect(targetsOf([{ ...settings, environment: 'kv:app', stages }], stageKinds)).toEqual(['kv:app'])
  const looks = stages.slice(0, 1)
  expect(targetsOf([{ ...settings, environment: 'kv:app', stages: looks }], stageKinds)).toEqual([])
})

test('asked for under break glass, only a role of his own lets somebody judge; else both count', () => {
  const gate = { askers: [me], approvers: ['approvers'] }
  const raised = { own: ['engineers'], roles: ['engineers', 'approvers'] }
  const glass = [{ id: 'g1', by: me }]
  expect(refusalToJudgeWith(gate, bob, raised)).toBe(null)
  expect(refusalToJudgeWith({ ...gate, glass }, bob, raised)).toMatch(
    /asked for under break glass \(`g1`\).*@U02BOB has it by/,
  )
  expect(refusalToJudgeWith({ ...gate, glass }, carol, { own: ['approvers'], roles: ['approvers'] })).toBe(null)
  expect(refusalToJudgeWith({ ...gate, glass }, bob, { own: [], roles: [] })).toMatch(/Only `approvers` may judge/)
  expect(refusalToJudgeWith(gate, alice, raised)).toMatch(/asked for this, so somebody else/)
})

test.each([
  [['shell:alice'], false],
  [['shell:alice', 'schedule:k3f9'], false],
  [['webhook:ci'], false],
  [['webhook:ci', 'email:alice@example.com'], false],
  [['webhook:ci', me], true],
  [[me, 'schedule:k3f9'], true],
  [[me, 'shell:alice'], false],
])(
  'what %j asked for may be approved with raised rights: %j, since he who raised them may be the same person',
  (askers, may) => {
    const gate = { askers, approvers: ['approvers'] }
    const refusal = refusalToJudgeWith(gate, bob, { own: ['engineers'], roles: ['engineers', 'approvers'] })
    expect(refusal).toEqual(may ? null : expect.stringMatching(/not known which person in Slack asked for it.*himself/))
    expect(refusalToJudgeWith(gate, bob, { own: ['approvers'], roles: ['approvers'] })).toBe(null)
  },
)

test('a line of the audit says under which; one from before there was any reads as it did', () => {
  expect(auditText(line({ line: 'up', glass: 'g1 g2' }))).toContain('under break glass `g1`, `g2`')
  const { glass: _, ...old } = line({ line: 'up' }).entry
  expect(auditText({ ...line({}), entry: old })).not.toContain('glass')
})

test('the text of a summary has every deed with its outcome, and what drifted', () => {
  const done = { ...up().execution, id: 'e1' }
  const executions = new Map([
    ['e1', done],
    ['d1', { ...done, id: 'd1' }],
    ['d2', waiting().execution],
  ])
  const deeds = deedsOf(
    [line({ line: 'up', execution: 'e1' }), line({ kind: 'refused', line: 'x', why: 'never' }, 2)],
    me,
  )
  const looks = [
    { target: 'loadtest', execution: 'd1', why: null },
    { target: 'shop', execution: 'd2', why: null },
    { target: 'kv:app', execution: null, why: 'no such command' },
  ].map((look) => lookView(look, executions))
  const by = { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' } as const
  const glass = {
    ...{
      id: 'g1',
      version: 1,
      request: 'r',
      role: 'oncall',
      gives: ['approvers'],
      by,
      why: 'the shop is down',
      channel: null,
    },
    ...{ announce: ['ops'], from: START, until: START + 60_000, ended: { at: START + 60_000, by: null }, looks: [] },
    ...{ seen: '', summedAt: START },
  }
  const view: GlassView = {
    glass,
    deeds: deeds.map((deed) => deedView(deed, executions)),
    looks,
    linkOf: () => undefined,
  }
  const text = summaryText(view)
  expect(text).toMatch(
    /oncall \(approvers\) of T01TEAM\/U01ALICE\nWhy: the shop is down\nFrom .* for 1 m; it ended when its time/,
  )
  expect(text).toMatch(/up \(e1\): succeeded\n.*x: refused: never/)
  expect(text).toMatch(/shop \(d2\): looked for now/)
  expect(text).toMatch(/app: nobody looked: no such command/)
})

test('who asks again under his own adds to those of before, each once', () => {
  const before = [{ id: 'g1', by: me }]
  expect(underGlass(['g1', 'g2'], bob, before)).toEqual({ glass: [...before, { id: 'g2', by: 'T01TEAM/U02BOB' }] })
  expect(underGlass([], bob, before)).toEqual({ glass: before })
  expect(underGlass(undefined, bob)).toEqual({})
})
