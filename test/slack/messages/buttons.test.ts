import { describe, expect, test } from 'vitest'
import type { ExecutionView } from '../../../src/slack/messages.ts'
import { buttonValue, executionMessage, readButtonValue } from '../../../src/slack/messages.ts'
import { counts } from '../outputs.ts'
import { actionsOf, buttons, confirmOf, drawn } from '../reading.ts'
import { canceling, ends, planning, scenes, succeeded, view, waiting } from '../scenes.ts'
import { complaints } from '../validate.ts'

const BUTTONS: Record<string, string[]> = {
  queued: ['execution.cancel'],
  planning: ['execution.cancel'],
  'waiting for approval': ['judgment.approve', 'judgment.reject', 'judgment.withdraw', 'execution.cancel'],
  applying: ['execution.cancel', 'execution.extend'],
  'applying (health)': ['execution.cancel', 'execution.extend'],
  succeeded: ['execution.extend'],
  failed: ['execution.extend'],
  rejected: [],
  expired: [],
  canceling: ['execution.force', 'execution.extend'],
  'stopping by force': ['execution.extend'],
  canceled: ['execution.extend'],
  'canceled (superseded)': [],
  unknown: ['execution.extend'],
}

describe('buttons', () => {
  test.each(Object.entries(scenes()))('there are exactly those that can be used when it is %s', (word, shown) => {
    expect(actionsOf(executionMessage(shown))).toEqual(BUTTONS[word])
  })

  test('their values name execution, stage and attempt, and are read back from the click', () => {
    const [approve] = buttons(executionMessage(view(waiting())))
    expect(approve).toEqual({ label: 'Approve', actionId: 'judgment.approve', value: 'r7k2m9|judgment|1' })
    expect(readButtonValue(approve?.value)).toEqual({ execution: 'r7k2m9', stage: 'judgment', attempt: 1 })
    expect(buttonValue({ execution: 'a', stage: '', attempt: 0 })).toBe('a||0')
    expect(readButtonValue('a||0')).toEqual({ execution: 'a', stage: '', attempt: 0 })
  })

  test.each(['', 'a', 'a|b', 'a|b|c', '|b|1', 'a|b|1|x', 'a|b|1|2|3', 'a|b|-1', 'a|<b>|1', null, undefined, {}])(
    'a value that is none of ours is refused: %j',
    (value) => expect(readButtonValue(value)).toBeNull(),
  )

  test('approving what only creates asks nothing more', () => {
    expect(confirmOf(executionMessage(view(waiting())), 'judgment.approve')).toBeUndefined()
  })

  test.each([
    { counts: counts({ destroy: 2 }) },
    { counts: counts({ add: 1, destroy: 1, replace: 1 }) },
    { counts: counts({ forget: 1 }) },
    { destroy: true },
    { risky: 1 },
  ])('approving what destroys, replaces, drops or is risky asks once more, with the headline: %j', (change) => {
    const headline = `This & that: ${'2 to destroy, '.repeat(60)}`
    const message = executionMessage(view(waiting({ ...change, headline })))
    expect(confirmOf(message, 'judgment.approve')).toContain('This &amp; that: 2 to destroy')
    expect(complaints(message)).toEqual([])
  })

  test('a judgment about a plan that cannot be read says so before it is approved', () => {
    const story = ends(planning(), 'terraform.plan', { kind: 'succeeded', output: { needsApply: true, old: 'shape' } })
    expect(confirmOf(executionMessage(view(story)), 'judgment.approve')).toContain('could not be read')
  })

  test('the forced stop warns of what may be lost', () => {
    const question = confirmOf(executionMessage(view(canceling())), 'execution.force')
    expect(question).toMatch(/State may be lost/)
    expect(question).toMatch(/lock may stay/)
  })

  test('Extend names the lifetime it was shown for, and is gone once the environment is taken down', () => {
    const shown = view(succeeded())
    expect(buttons(executionMessage(shown)).at(-1)?.value).toBe('r7k2m9|r7k2m9|0')
    const ending = withLifetime(shown, { ending: 'end-r7k2m9' })
    expect(actionsOf(executionMessage(ending))).toEqual([])
    expect(drawn(executionMessage(ending))).toContain('being taken down by end-r7k2m9')
  })

  test("somebody else's lifetime gives no Extend button", () => {
    expect(actionsOf(executionMessage(withLifetime(view(succeeded()), { execution: 'other' })))).toEqual([])
  })
})

function withLifetime(shown: ExecutionView, change: object): ExecutionView {
  const { environment } = shown
  if (!environment?.lifetime) throw new Error('This scene has no lifetime.')
  return { ...shown, environment: { ...environment, lifetime: { ...environment.lifetime, ...change } } }
}
