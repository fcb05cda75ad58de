import { setTimeout as sleep } from 'node:timers/promises'
import { actionsOf } from '../../examples/demo/slack-control.ts'
import type { Execution } from '../../src/core/execution.ts'
import { messageOf } from '../../src/errors.ts'
import { type Person, people } from '../e2e/site.ts'
import { talkIn, wordsOf } from '../e2e/talk.ts'
import { createAnswers } from './answers.ts'
import type { Random, Step } from './choices.ts'
import { type Shown, shownIn } from './shown.ts'
import type { Place, Town } from './town.ts'

export type Lane = ReturnType<typeof createLane>

const LOOK_EVERY = 250
/** A click or a command that nothing came of is done again after this long, as people do. */
const AGAIN_AFTER = 5_000

const STEPS: Readonly<Record<string, Step>> = {
  planning: 'planning',
  'waiting for approval': 'waiting',
  applying: 'applying',
  succeeded: 'ended',
  failed: 'ended',
  unknown: 'ended',
}

/** The people of one environment: they ask, judge, and answer what nobody knows, until everything is taken down again. */
export function createLane(town: Town, place: Place, random: Random) {
  const { control } = town.world
  const { environment, channel } = place
  const talk = talkIn(town.world, channel)
  const answers = createAnswers(talk, random)
  const words = new Map<string, string>()
  const done = new Map<string, number>()

  /** True where it was not done in the last seconds. */
  function due(what: string): boolean {
    if (Date.now() - (done.get(what) ?? 0) < AGAIN_AFTER) return false
    done.set(what, Date.now())
    return true
  }

  /** Types a line; the answer, or null where the bot was not there to give one. */
  async function type(person: Person, text: string): Promise<string | null> {
    const told = async () => (await talk.all()).filter(({ ephemeral_to }) => ephemeral_to === people[person])
    const before = (await told()).length
    town.heard.say('typed')
    await control.command({ user: people[person], channel, command: '/crew', text }).catch(() => {})
    const end = Date.now() + 3_000
    while (Date.now() < end) {
      const answer = (await told())[before]
      if (answer) return wordsOf(answer)
      await sleep(100)
    }
    return null
  }

  /** Types it until it is stored; sometimes two people ask for the same at once. */
  async function ask(text: string): Promise<void> {
    const askers: Person[] = random.next() < 0.35 ? ['alice', 'bob'] : ['alice']
    for (let tries = 0; tries < 20; tries++) {
      const answers = await Promise.all(askers.map((person) => type(person, text)))
      if (answers.some((answer) => answer?.includes('is stored as'))) return
      // Nobody answered, and yet it may be stored: people see its message.
      const open = await town.store.list({ limit: 500, open: true }).catch(() => [])
      if (mine(open).length > 0) return
      await sleep(500)
    }
    throw new Error(`Nobody stored \`${text}\` for ${environment}.`)
  }

  async function press({ id, message }: Shown): Promise<void> {
    const action = actionsOf(message).find(({ action_id }) => action_id.startsWith('judgment.approve'))
    if (!action || !due(`${id} ${action.value}`)) return
    const second: Person[] = [[], ['bob'], ['carol']][random.below(3)] as Person[]
    const click = (person: Person) => talk.pressOn(person, 'judgment.approve', message)
    // Who asked, or may nothing, comes first now and then; he must not be taken.
    if (random.next() < 0.2) await click(random.pick(['alice', 'eve'])).catch(() => {})
    town.heard.say('pressed')
    await Promise.allSettled((['carol', ...second] as const).map(click))
  }

  /** Does what the channel asks people for; says which steps it shows for the first time. */
  async function look(open: readonly Execution[]): Promise<void> {
    for (const shown of shownIn(await talk.all())) {
      const step = STEPS[shown.word]
      if (step && words.get(shown.id) !== shown.word) town.heard.say(step)
      words.set(shown.id, shown.word)
      const execution = open.find(({ id }) => id === shown.id)
      if (shown.word === 'waiting for approval') await press(shown)
      if (shown.word === 'unknown' && execution && knownFor(execution) && due(`answer ${shown.id}`))
        await answers.answer(shown, execution, () => type('carol', `runs cancel ${shown.id}`))
    }
  }

  /** Long enough for a worker of the same machine to say how it really ended. */
  function knownFor(execution: Execution): boolean {
    const since = Math.max(...execution.stages.map(({ endedAt }) => endedAt ?? 0))
    return execution.status === 'unknown' && Date.now() - since > 3_000
  }

  const mine = (list: readonly Execution[]) => list.filter((each) => each.environment === environment)

  /** Until nothing of this environment is open. */
  async function attend(within = 240_000): Promise<void> {
    const end = Date.now() + within
    for (;;) {
      try {
        const open = mine(await town.store.list({ limit: 500, open: true }))
        if (open.length === 0) return
        await look(open)
      } catch (error) {
        if (Date.now() > end) throw error
      }
      if (Date.now() > end) throw new Error(`Not over after ${within / 1000} s: ${environment}`)
      await sleep(LOOK_EVERY)
    }
  }

  async function isEmpty(): Promise<boolean> {
    const answer = await fetch(`${town.consul.url}/v1/kv/kill/${environment}?raw`)
    if (answer.status === 404) return true
    return ((await answer.json()) as { resources: unknown[] }).resources.length === 0
  }

  async function takeDown(): Promise<void> {
    for (let tries = 0; tries < 6; tries++) {
      await ask(`tiny down ${environment}`)
      await attend()
      if (await isEmpty().catch(() => false)) return
    }
    throw new Error(`${environment} could not be taken down.`)
  }

  return {
    place,
    talk,
    mine,
    answers,
    /** The main job, up and down, at least once and until it is enough. Gives what went wrong, if anything did. */
    async live(enough: () => boolean): Promise<string | null> {
      try {
        do {
          await ask(`tiny up ${environment} ${random.pick(['small', 'medium'])}`)
          await attend()
          await takeDown()
        } while (!enough())
        return null
      } catch (error) {
        return `${environment}: ${messageOf(error)}`
      }
    },
  }
}
