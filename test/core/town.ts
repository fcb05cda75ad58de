import type { Actor } from '../../src/core/actor.ts'
import { idOf } from '../../src/core/actor.ts'
import { advance } from '../../src/core/advance.ts'
import type { EnvironmentRecord } from '../../src/core/environment.ts'
import { extended, newEnvironment } from '../../src/core/environment.ts'
import type { Effect, Event, Next } from '../../src/core/event.ts'
import type { Execution, StageRun } from '../../src/core/execution.ts'
import { isOver, newExecution, stageOf } from '../../src/core/execution.ts'
import { stopOf } from '../../src/core/failure.ts'
import { freezeOf, frozen, unfrozen } from '../../src/core/freeze.ts'
import { wakeUps } from '../../src/core/lifetime.ts'
import { LOOK, offers } from '../../src/core/look.ts'
import { newChild, WORKFLOW } from '../../src/core/nested.ts'
import { isOpen } from '../../src/core/window.ts'
import type { Outcome, Stage } from '../../src/core/workflow.ts'
import { environment as settings } from './sample-site.ts'
import {
  APPLY,
  applyStage,
  bob,
  carol,
  downStages,
  HOUR,
  judgmentStage,
  PLAN,
  person,
  planned,
  SECOND,
  START,
  stage,
  stale,
  succeeded,
  upStages,
  wanted,
  worker,
} from './world.ts'

/** The same numbers for the same seed (mulberry32), so that a walk that fails can be walked again. */
export function dice(seed: number) {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(next() * count)
  return {
    next,
    below,
    chance: (of: number) => next() < of,
    pick: <T>(from: readonly T[]): T => {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new Error('Nothing to pick from')
      return picked
    },
  }
}

export type Dice = ReturnType<typeof dice>

/** Everything the store would hold of one environment. `begun` are the applies that were ever started. */
export type Town = {
  now: number
  readonly executions: Map<string, Execution>
  environment: EnvironmentRecord
  effects: Effect[]
  readonly begun: Set<string>
  readonly history: string[]
}

export function newTown(): Town {
  return {
    now: START,
    executions: new Map(),
    environment: newEnvironment('loadtest'),
    effects: [],
    begun: new Set(),
    history: [],
  }
}

const people: readonly Actor[] = [person('U01ALICE'), bob, carol]

const twoSided = [
  stage(PLAN, PLAN, { size: 'small' }),
  stage('other', 'health', {}, []),
  judgmentStage(),
  { ...judgmentStage(), id: 'second' },
  { ...applyStage, after: ['judgment', 'second', 'other'] },
]

/** Open for three hours of every six. */
export const guard = {
  windows: Array.from({ length: 4 }, (_, index) => {
    const hour = (of: number) => `${String(of).padStart(2, '0')}:00`
    return { days: ['mon-sun'], from: hour(index * 6), to: hour(index * 6 + 3), zone: 'UTC' }
  }),
}

/** Two of several have to choose alike, or one of each role; a choice leaves one of two branches out. */
function choosing(dice: Dice): Stage[] {
  const choices = ['some', 'all', 'stop'].map((value) => ({ value, label: value, rejects: value === 'stop' }))
  const groups = dice.chance(0.5)
    ? {
        groups: [
          { role: 'sre', count: 1 },
          { role: 'data', count: 1 },
        ],
      }
    : {}
  const only = (id: string, is: string) =>
    stage(id, 'health', { conditions: [{ ref: 'judgment.choice', is }] }, ['judgment'])
  return [
    stage(PLAN, PLAN, { size: 'small' }),
    judgmentStage({ choices, count: 2, ...groups, delegate: true, remind: '10m' }),
    only('some', 'some'),
    only('all', 'all'),
    { ...applyStage, after: ['judgment', 'some', 'all'] },
  ]
}

/** Branches with every option there is, thrown anew each time; what is applied stands in one of them. */
function anyGraph(dice: Dice): Stage[] {
  const option = () => dice.pick(['halt', 'halt', 'halt-branch', 'finish-then-fail', 'continue'] as const)
  const retry = () => (dice.chance(0.4) ? { retry: { times: 1 + dice.below(2), wait: '5s', most: '30s' } } : {})
  const timeLimit = () =>
    dice.chance(0.4) ? { timeLimit: { after: '30s', grace: '10s', force: dice.chance(0.5) } } : {}
  const one = (id: string, after: string[]): Stage => ({
    ...stage(id, 'health', {}, after),
    onFailure: option(),
    ...retry(),
    ...timeLimit(),
  })
  const back = (id: string, recovers: string[], after: string[] = []): Stage => ({ ...one(id, after), recovers })
  return [
    one('first', []),
    { ...stage(PLAN, PLAN, { size: 'small' }, ['first']), ...retry() },
    { ...judgmentStage(), onFailure: dice.pick(['halt', 'halt-branch', 'finish-then-fail'] as const) },
    { ...applyStage, onFailure: option(), ...timeLimit(), guard },
    one('a', ['first']),
    one('a2', ['a']),
    // May be started again, and changes something: a worker that dies in it, or a try more, waits for no window.
    { ...one('b', ['first']), ...(dice.chance(0.7) ? { guard } : {}) },
    one('join', ['a2', 'b']),
    one('last', dice.chance(0.5) ? ['join', APPLY] : ['join']),
    ...(dice.chance(0.6) ? [back('back', ['a', 'b']), back('clean', ['a2', 'b'], ['back'])] : []),
    ...(dice.chance(0.3) ? [back('undo', [APPLY], dice.chance(0.5) ? [APPLY] : [])] : []),
  ]
}

/** A new request, as the bot stores it. */
export function request(town: Town, dice: Dice): void {
  const actor = dice.pick(people)
  const kind = dice.pick(['up', 'up', 'resize', 'down', 'two', 'choose', 'graph', 'graph', 'nest'] as const)
  const id = `${kind}${town.executions.size}`
  const stages =
    kind === 'down'
      ? downStages()
      : kind === 'two'
        ? twoSided
        : kind === 'graph' || kind === 'nest'
          ? (kind === 'graph' ? anyGraph : nests)(dice)
          : kind === 'choose'
            ? choosing(dice)
            : upStages
  const lifetime = kind === 'up' ? dice.pick(['5m', '1h', '4h']) : null
  store(town, { ...wanted({ id, actor, stages, lifetime }) }, town.environment, { type: 'requested' })
}

/** The end of a lifetime, as `engine/lifetimes.ts` stores it. */
function takeDown(town: Town, id: string): void {
  const { lifetime } = town.environment
  if (lifetime?.id !== id || lifetime.ending || town.executions.has(`end-${id}`)) return
  const { execution, lineage, approvers, askers } = lifetime
  const given = { execution, environment: 'loadtest', lineage, approvers: [...approvers] }
  const end = wanted({
    id: `end-${id}`,
    actor: { kind: 'lifetime', environment: 'loadtest' },
    askers,
    stages: downStages({ preapproved: given }),
  })
  const { lock, queue } = town.environment
  for (const claim of lock ? [lock, ...queue] : queue)
    town.effects.push({
      do: 'tell',
      execution: claim.execution,
      event: { type: 'superseded', why: 'the time is over' },
      at: town.now,
    })
  store(
    town,
    end,
    { ...town.environment, lifetime: { ...lifetime, ending: end.id } },
    { type: 'requested', first: true },
  )
}

function store(town: Town, asked: ReturnType<typeof wanted>, environment: EnvironmentRecord, event: Event): void {
  keep(town, advance({ execution: newExecution(asked, town.now), environment }, event, town.now), event)
}

/** Lets an event happen, as the store does. */
export function tell(town: Town, id: string, event: Event): Next | null {
  const execution = town.executions.get(id)
  if (!execution) return null
  // No worker has what another execution does.
  if (event.type.startsWith('stage.') && 'stage' in event && stageOf(execution, event.stage)?.kind === WORKFLOW)
    return null
  const next = advance({ execution, environment: town.environment }, event, town.now)
  if (next.changed) keep(town, next, event)
  return next
}

function keep(town: Town, next: Next, event: Event): void {
  town.executions.set(next.execution.id, next.execution)
  if (next.environment) town.environment = next.environment
  town.effects.push(...next.effects.filter((effect) => effect.do !== 'show'))
  town.history.push(`${next.execution.id} ${event.type} ${'stage' in event ? event.stage : ''}`)
  const began = event.type === 'stage.started' && stageOf(next.execution, event.stage)?.state === 'running'
  if (began && event.stage === APPLY) noteStart(town, next.execution, event.attempt)
}

/** What it is part of, or what else that began, had begun to change their environment. */
function familyBegan(town: Town, { id, parent }: Execution): boolean {
  const above = parent && town.executions.get(parent.execution)
  if (!above) return false
  const others = [...town.executions.values()].filter((each) => each.parent?.execution === above.id && each.id !== id)
  const began = ({ stages }: Execution) => stages.some((each) => each.guard && (each.begun || each.startedAt !== null))
  return [above, ...others].some(began) || familyBegan(town, above)
}

function noteStart(town: Town, execution: Execution, attempt: number): void {
  const key = `${execution.id}/${attempt}`
  if (town.begun.has(key)) throw new Error(`${key} was started twice`)
  town.begun.add(key)
  const { override, stages } = execution
  const first = !stages.some((each) => each.id !== APPLY && each.guard && (each.begun || each.startedAt !== null))
  const windows = stageOf(execution, APPLY)?.guard?.windows
  const closed = windows && (!isOpen(windows, town.now) || freezeOf(town.environment, town.now))
  if (closed && first && !override && !familyBegan(town, execution))
    throw new Error(`${key} was started outside its window`)
  const approved = execution.judgments.filter((each) => each.decision === 'approved' && !each.fell)
  const needed = execution.stages.filter(({ kind }) => kind === 'judgment')
  for (const { id, input } of needed) {
    const given = approved.filter((each) => each.stage === id)
    const people = new Set(given.map(({ by }) => idOf(by)))
    if (people.size < (Number(input.count) || 1)) throw new Error(`${key} was started without ${id}`)
    const chosen = stageOf(execution, id)?.outcome
    const choice = chosen?.kind === 'succeeded' ? chosen.output.choice : undefined
    if (input.count && given.filter((each) => each.choice === choice).length < 2)
      throw new Error(`${key} was started with ${choice}, which two did not choose`)
  }
}

/** The child of a stage, as `engine/nested.ts` begins and stops it. */
function tend(town: Town, { execution: parentId, stage: name, attempt }: Extract<Effect, { do: 'child' }>): void {
  const id = `${parentId}-${name}-${attempt}`
  const parent = town.executions.get(parentId)
  const run = parent && stageOf(parent, name)
  if (!parent || !run) return
  const order = stopOf(parent, run)
  const here = run.state === 'running' && run.attempt === attempt
  const child = town.executions.get(id)
  if (here && !order && !child) store(town, newChild(parent, run, id), town.environment, { type: 'requested' })
  if (here && !order) return
  if (!child)
    tell(town, parentId, { type: 'child.ended', stage: name, attempt, outcome: { kind: 'canceled', why: 'never' } })
  else if (!isOver(child))
    tell(town, id, { type: 'cancel', by: { kind: 'parent', execution: parentId }, why: 'x', force: false })
}

/** Two that are planned with it, under its lock, beside each other or one after the other. */
function nests(dice: Dice): Stage[] {
  const child = {
    command: 'x',
    line: 'x',
    args: {},
    allow: [],
    environment: 'loadtest',
    stages: dice.pick([upStages, anyGraph(dice)]),
  }
  const inner = (id: string, after: string[]): Stage => ({
    ...stage(id, WORKFLOW, { child: JSON.parse(JSON.stringify(child)), outputs: {} }, after),
    onFailure: dice.pick(['halt', 'halt-branch', 'finish-then-fail', 'continue'] as const),
    ...(dice.chance(0.3) ? { timeLimit: { after: '10m', grace: '1m' } } : {}),
  })
  const last = { ...stage('last', 'health', {}, ['in-1', 'in-2']) }
  return [stage('first', 'health'), inner('in-1', ['first']), inner('in-2', [dice.pick(['first', 'in-1'])]), last]
}

/** Does one effect that is due; sometimes it is done again later, as after a crash. */
export function perform(town: Town, dice: Dice, effect: Effect): void {
  const done = !dice.chance(0.15)
  if (effect.do === 'tell') tell(town, effect.execution, effect.event)
  if (effect.do === 'lifetime' && effect.what === 'end') takeDown(town, effect.id)
  if (effect.do === 'child') tend(town, effect)
  if (effect.do === 'run') {
    const { stage: id, attempt } = effect
    if (dice.chance(0.8))
      tell(town, effect.execution, { type: 'stage.started', stage: id, attempt, worker: anyWorker(dice) })
    const left = town.executions.get(effect.execution)
    const still = left && stageOf(left, id)
    if (still?.state === 'ready' && still.attempt === attempt) return
  }
  if (done) town.effects = town.effects.filter((each) => each !== effect)
}

export const due = (town: Town): Effect[] => town.effects.filter((effect) => effect.at <= town.now)

function anyWorker(dice: Dice) {
  return { ...worker, id: dice.pick(['w1', 'w2', 'w3']) }
}

function outcomeOf(dice: Dice, { kind, input, stopped }: StageRun): Outcome {
  if (stopped && dice.chance(0.6)) return { kind: 'canceled', why: 'interrupted' }
  const output = { digest: `d${dice.below(1e9)}`, deleteOnly: input.destroy === true, lineage: 'L1' }
  const usual = dice.chance(0.7)
  if (kind === PLAN) {
    if (usual) return planned({ ...output, needsApply: true })
    return dice.pick<Outcome>([
      planned({ ...output, needsApply: false }),
      { kind: 'failed', error: 'no plan' },
      { kind: 'canceled', why: 'asked' },
    ])
  }
  if (kind === 'terraform.look' && usual) {
    const lock = { id: 'l1', who: 'root@vm', operation: 'apply', created: 'now' }
    const [process, held] = [dice.pick(['gone', 'gone', 'running', 'elsewhere']), dice.chance(0.2)]
    return succeeded({
      process,
      lock: held ? lock : null,
      fresh: held ? null : '1 to add.',
      savedOn: dice.chance(0.2) ? 'm1' : null,
    })
  }
  if (kind !== APPLY)
    return usual
      ? succeeded()
      : dice.pick<Outcome>([
          { kind: 'failed', error: 'sick' },
          { kind: 'failed', error: 'sick' },
          { kind: 'unknown', why: 'gone', output: { vanished: true } },
        ])
  if (usual) return succeeded({ lineage: 'L1', empty: input.plan === PLAN && dice.chance(0.5) })
  return dice.pick<Outcome>([
    stale,
    stale,
    { kind: 'failed', error: 'half', output: { lineage: 'L1' } },
    { kind: 'failed', error: 'never began' },
    { kind: 'unknown', why: 'gone', output: { vanished: true } },
    { kind: 'canceled', why: 'interrupted', output: { lineage: 'L1' } },
  ])
}

/** One thing that may happen at any moment: most of it in its place, some of it late, doubled or wrong. */
export function anything(town: Town, dice: Dice): void {
  town.now += dice.below(20 * SECOND)
  const step = dice.below(40)
  const holder = town.executions.get(town.environment.lock?.execution ?? '')
  if (!holder || step === 0) request(town, dice)
  else if (step === 1) town.now += dice.below(HOUR / 2)
  else if (step === 2) extend(town, dice)
  else if (step === 3 && dice.chance(0.5)) freeze(town, dice)
  else if (step <= 8) noise(town, dice)
  else if (step <= 24) performOne(town, dice)
  else moveOn(town, dice, holder)
}

function performOne(town: Town, dice: Dice): void {
  const ready = due(town)
  if (ready.length > 0) perform(town, dice, dice.pick(ready))
}

/** As `engine/freeze.ts` stores it. */
function freeze(town: Town, dice: Dice): void {
  const { now } = town
  const wish = { by: dice.pick(people), at: now, until: now + dice.below(2 * HOUR), why: 'x' }
  const next = dice.chance(0.6) ? frozen(town.environment, wish) : unfrozen(town.environment, wish.by, now)
  if (!next) return
  town.environment = next.environment
  town.effects.push(...next.effects.filter((effect) => effect.do !== 'show'))
}

function extend(town: Town, dice: Dice): void {
  const { lifetime } = town.environment
  const latest = lifetime && lifetime.startedAt + 24 * HOUR
  if (!lifetime || lifetime.ending || latest === lifetime.endsAt) return
  const longer = extended(town.environment, settings, dice.pick(people), town.now)
  if (longer.lifetime) town.effects.push(...wakeUps('loadtest', longer.lifetime, 900_000))
  town.environment = longer
}

/** What usually happens to the one that has the lock. */
function moveOn(town: Town, dice: Dice, { id, stages, status }: Execution): void {
  const run = dice.pick(stages)
  const { attempt, state } = run
  const at = { stage: run.id, attempt }
  const from = run.worker ? { from: run.worker.id } : {}
  const adopted: Event = { type: 'stage.adopted', ...at, ...from, worker: anyWorker(dice) }
  const ended: Event = { type: 'stage.ended', ...at, outcome: outcomeOf(dice, run) }
  const lost: Event = { type: 'stage.lost', ...at, ...from, why: 'gone', repeatable: run.kind !== APPLY }
  if (state === 'waiting') tell(town, id, anyJudgment(town, dice, id, run.id))
  if (state === 'running') tell(town, id, dice.pick<Event>([ended, ended, ended, ended, lost, adopted]))
  if (status !== 'unknown') return
  const by = dice.pick(people)
  const choice = { offer: dice.pick(offers), by, attempt: lookAttempt(stages) }
  const end = dice.pick<Event>([
    ended,
    adopted,
    { type: 'left', by },
    steal(by),
    { type: 'chosen', choice },
    { type: 'chosen', choice },
  ])
  tell(town, id, state === 'unknown' || !('stage' in end) ? end : ended)
}

/** Anything to anybody, also to those who are over. */
function noise(town: Town, dice: Dice): void {
  const { id, stages } = dice.pick([...town.executions.values()].slice(-6))
  const run = dice.pick(stages)
  const at = { stage: run.id, attempt: run.attempt + dice.pick([0, 0, -1, 1]) }
  const by = dice.pick(people)
  const worker = anyWorker(dice)
  const events: Event[] = [
    { type: 'stage.ended', ...at, outcome: outcomeOf(dice, run) },
    { type: 'stage.started', ...at, worker },
    { type: 'stage.adopted', ...at, worker, from: 'w1' },
    { type: 'stage.lost', ...at, from: 'w1', why: 'gone', repeatable: run.kind !== APPLY },
    { type: 'judgment.due', ...at },
    { type: 'judgment.remind', ...at, at: town.now },
    { type: 'withdrawn', by },
    { type: 'delegated', delegation: { ...at, from: by, to: dice.pick(people), at: town.now } },
    { type: 'limit.due', ...at },
    { type: 'lock.granted' },
    { type: 'hold.due' },
    dice.chance(0.2) ? { type: 'overridden', by, why: 'x', rule: 'x' } : { type: 'hold.due' },
    { type: 'left', by },
    steal(by),
    { type: 'chosen', choice: { offer: dice.pick(offers), by, attempt: lookAttempt(stages) } },
    { type: 'superseded', why: 'x' },
    { type: 'cancel', by, why: '', force: dice.chance(0.5) },
    anyJudgment(town, dice, id, dice.pick(['judgment', 'second'])),
  ]
  tell(town, id, dice.pick(events))
}

const steal = (by: Actor): Event => ({ type: 'stolen', by, why: 'it stands', rule: 'approvers: approvers' })
const lookAttempt = (stages: Execution['stages']) => stages.find(({ id }) => id === LOOK)?.attempt ?? 0

function anyJudgment(town: Town, dice: Dice, id: string, stageId: string): Event {
  const execution = town.executions.get(id)
  const plan = execution && stageOf(execution, PLAN)?.outcome
  const digest = plan?.kind === 'succeeded' ? String(plan.output.digest) : ''
  const decision = dice.chance(0.9) ? ('approved' as const) : ('rejected' as const)
  const chooses = execution && stageOf(execution, stageId)?.input.choices
  const choice = chooses && dice.chance(0.95) ? { choice: dice.pick(['some', 'all', 'all', 'stop']) } : {}
  const by = dice.pick(people)
  const given = execution?.delegations?.find(({ stage, to }) => stage === stageId && to === by)
  const from = given && dice.chance(0.7) ? { from: given.from } : {}
  const roles = by === bob ? ['sre', 'data'] : by === carol ? ['data'] : ['sre']
  return { type: 'judged', judgment: { stage: stageId, decision, by, roles, at: town.now, digest, ...choice, ...from } }
}

/** Whoever is reasonable, until nothing is left to do: stages run and end well, what waits is approved or lapses, unknown is left. */
export function finishAll(town: Town, dice: Dice): void {
  for (let rounds = 0; rounds < 2000; rounds++) {
    const open = [...town.executions.values()].filter((each) => !isOver(each))
    if (open.length === 0 && town.effects.length === 0) return
    for (const effect of due(town)) perform(town, dice, effect)
    for (const execution of open) nurse(town, dice, execution)
    town.now += due(town).length > 0 ? SECOND : HOUR / 2
  }
  throw new Error(`It never comes to an end:\n${town.history.slice(-30).join('\n')}`)
}

function nurse(town: Town, dice: Dice, { id, status, stages }: Execution): void {
  for (const { id: stageId, attempt, state, kind, input } of stages) {
    if (state === 'waiting' && dice.chance(0.3)) tell(town, id, anyJudgment(town, dice, id, stageId))
    if (state !== 'running') continue
    const outcome =
      kind === PLAN
        ? planned({ digest: `n${town.now}`, deleteOnly: input.destroy === true && dice.chance(0.7) })
        : succeeded({ empty: true })
    tell(town, id, { type: 'stage.ended', stage: stageId, attempt, outcome })
  }
  if (status !== 'unknown' || tell(town, id, { type: 'left', by: bob })?.changed) return
  // Its process is known to live: its end is waited for.
  const alive = stages.find(({ aside, state }) => !aside && state === 'unknown')
  const outcome = succeeded({ empty: true })
  if (alive) tell(town, id, { type: 'stage.ended', stage: alive.id, attempt: alive.attempt, outcome })
}
