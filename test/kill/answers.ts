import { setTimeout as sleep } from 'node:timers/promises'
import { actionsOf } from '../../examples/demo/slack-control.ts'
import type { Execution } from '../../src/core/execution.ts'
import type { Offer } from '../../src/core/look.ts'
import { type Person, people } from '../e2e/site.ts'
import type { Talk } from '../e2e/talk.ts'
import { wordsOf } from '../e2e/talk.ts'
import type { Problem } from './checks.ts'
import type { Random } from './choices.ts'
import type { Shown } from './shown.ts'

type Answer = Offer | 'cancel'

/** Who may do what: Alice and Bob ask, Bob and Carol approve. Carol plans nothing anew, so that she may always approve it. */
const RIGHT: Readonly<Record<Offer, readonly Person[]>> = {
  plan: ['alice', 'bob'],
  look: ['alice', 'bob', 'carol'],
  unlock: ['bob', 'carol'],
  push: ['bob', 'carol'],
  leave: ['bob', 'carol'],
}
const WRONG: Readonly<Record<Offer, readonly Person[]>> = {
  plan: ['eve'],
  look: ['eve'],
  unlock: ['alice', 'eve'],
  push: ['alice', 'eve'],
  leave: ['alice', 'eve'],
}

/** What stands in an execution's notes when it was done, by what was chosen. */
const DONE: Readonly<Record<Offer, RegExp>> = {
  plan: /(@\w+) asked for a new plan/,
  look: /(@\w+) asked to look again/,
  unlock: /(@\w+) asked to release the state lock/,
  push: /(@\w+) asked to push the saved state/,
  leave: /(@\w+) left it as it is/,
}

/** After so many answers somebody ends it; where there was no button for so long, somebody types. */
const PATIENCE = { answers: 5, buttons: 25_000 }

/** How people answer `unknown` in one channel, by the buttons they are shown; and what they have pressed there. */
export function createAnswers(talk: Talk, random: Random) {
  const given = new Map<Answer, number>()
  const pressed = new Map<string, Set<string>>()
  const buttonless = new Map<string, number>()
  const counts = { wrong: 0, refused: 0, twice: 0 }
  const problems: Problem[] = []
  const note = (what: Answer) => given.set(what, (given.get(what) ?? 0) + 1)

  /** Chosen of what is offered; a lock is released and a state pushed rather than left. */
  function choose(id: string, offers: readonly Offer[]): Answer | null {
    const before = pressed.get(id)?.size ?? 0
    if (offers.includes('leave') && before >= PATIENCE.answers) return random.pick(['leave', 'cancel'])
    const [first] = offers
    const mends = first === 'plan' || first === 'unlock' || first === 'push'
    if (first && mends && random.next() < 0.6) return first
    if (offers.includes('leave') && random.next() < 0.15) return 'cancel'
    return offers.length > 0 ? random.pick(offers) : null
  }

  async function press({ id, message }: Shown, offer: Offer, execution: Execution): Promise<void> {
    const value = actionsOf(message).find(({ action_id }) => action_id === `unknown.${offer}`)?.value
    // Looks are counted from 1 again after a new plan: which start of the apply it is about tells them apart.
    const about = execution.stages.find(({ state }) => state === 'unknown')?.attempt
    const click = (person: Person) => talk.pressOn(person, `unknown.${offer}`, message)
    if (random.next() < 0.5) await pressWrong(id, offer, click)
    const person = random.pick(RIGHT[offer])
    const twice = random.next() < 0.4
    pressed.set(id, (pressed.get(id) ?? new Set()).add(`${offer} ${value} ${about}`))
    note(offer)
    if (twice) counts.twice++
    const clicks = twice ? [person, random.next() < 0.5 ? person : random.pick(RIGHT[offer])] : [person]
    await Promise.allSettled(clicks.map(click))
  }

  /** Whoever may not is told so, where the bot is there to say it; that nothing came of it is checked at the end. */
  async function pressWrong(id: string, offer: Offer, click: (person: Person) => Promise<void>): Promise<void> {
    const person = random.pick(WRONG[offer])
    const told = async () => (await talk.all()).filter(({ ephemeral_to }) => ephemeral_to === people[person])
    const before = (await told()).length
    counts.wrong++
    await click(person).catch(() => {})
    await sleep(300)
    const answers = (await told()).slice(before).map(wordsOf)
    if (answers.some((answer) => answer.includes('⛔'))) counts.refused++
    const other = answers.find((answer) => !/⛔|💥/.test(answer))
    if (other)
      problems.push({ fault: 'wrong person', text: `${id}: ${person} pressed ${offer} and was told: ${other}` })
  }

  return {
    given,
    counts,
    /** `leave` types the command that leaves it, for who does not press. */
    async answer(shown: Shown, execution: Execution, leave: () => Promise<unknown>): Promise<void> {
      const offers = actionsOf(shown.message).flatMap(({ action_id }) =>
        action_id.startsWith('unknown.') ? [action_id.slice('unknown.'.length) as Offer] : [],
      )
      const since = buttonless.get(shown.id) ?? Date.now()
      if (offers.length > 0) buttonless.delete(shown.id)
      else buttonless.set(shown.id, since)
      const chosen = Date.now() - since > PATIENCE.buttons ? 'cancel' : choose(shown.id, offers)
      if (chosen && chosen !== 'cancel') return press(shown, chosen, execution)
      if (!chosen) return
      note('cancel')
      pressed.set(shown.id, (pressed.get(shown.id) ?? new Set()).add('leave typed'))
      await leave()
    },
    /** Nothing was done that the wrong people pressed, and what was pressed twice was done once. */
    check: (executions: readonly Execution[]): Problem[] => [
      ...problems.splice(0),
      ...executions.flatMap((each) => [...byWrong(each), ...tooOften(each, pressed.get(each.id) ?? new Set())]),
    ],
  }
}

export type Answers = ReturnType<typeof createAnswers>

function byWrong(execution: Execution): Problem[] {
  const { id, notes, judgments, askers } = execution
  const done = (Object.keys(DONE) as Offer[]).flatMap((offer) =>
    notes.flatMap(({ text }) => (WRONG[offer].some((person) => isBy(text, offer, person)) ? [text] : [])),
  )
  const isAsker = (user: string) => askers.some((asker) => asker.endsWith(`/${user}`) || asker === user)
  const judged = judgments.flatMap(({ by, fell }) =>
    by.kind === 'slack' && (by.user === people.eve || (isAsker(by.user) && !fell)) ? [`${by.user} judged it`] : [],
  )
  const asked = isAsker(people.eve) ? ['Eve counts as an asker'] : []
  return [...done, ...judged, ...asked].map((text) => ({ fault: 'wrong person', text: `${id}: ${text}` }))
}

function isBy(text: string, offer: Offer, person: Person): boolean {
  return DONE[offer].exec(text)?.[1] === `@${people[person]}`
}

/** Each button, as it was drawn, may be taken once. */
function tooOften({ id, notes }: Execution, pressed: ReadonlySet<string>): Problem[] {
  return (Object.keys(DONE) as Offer[]).flatMap((offer) => {
    const done = notes.filter(({ text }) => DONE[offer].test(text)).length
    const asked = [...pressed].filter((each) => each.startsWith(offer)).length
    return done > asked ? [{ fault: 'answered twice' as const, text: `${id}: ${offer} ${done} times of ${asked}` }] : []
  })
}
