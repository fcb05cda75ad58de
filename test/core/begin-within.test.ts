import { describe, expect, test } from 'vitest'
import type { Stage } from '../../src/core/workflow.ts'
import { answer, begin, SECOND, START, states, told, worker } from './world.ts'

const share = (id: string): Stage => ({
  ...{ id, kind: 'load.run', after: [], onFailure: 'continue' },
  input: { beginWithin: '1m' },
})
const stages: readonly Stage[] = [
  share('load.run-1'),
  share('load.run-2'),
  { id: 'report', kind: 'load.report', input: {}, after: ['load.run-1', 'load.run-2'], onFailure: 'halt' },
]
const MINUTE = 60 * SECOND
const began = { type: 'stage.started', stage: 'load.run-1', attempt: 1, worker } as const
const due = (stage: string, attempt = 1) => ({ type: 'begin.due', stage, attempt }) as const

describe('a stage that has to be begun within a time', () => {
  test('is stored with the end of that time', () => {
    const { effects } = begin({ stages })
    const told = effects.filter((effect) => effect.do === 'tell')
    expect(told).toEqual(
      ['load.run-1', 'load.run-2'].map((stage) => ({
        ...{ do: 'tell', execution: 'r1', event: due(stage) },
        at: START + SECOND + MINUTE,
      })),
    )
  })

  test('fails when nobody began it until then, and not a moment sooner', () => {
    const story = begin({ stages })
    expect(answer(story, due('load.run-1'), MINUTE - 1).changed).toBe(false)
    const late = told(story, due('load.run-1'), MINUTE)
    expect(states(late)).toBe('failed ready pending')
    expect(late.execution.stages[0]?.outcome).toMatchObject({ error: 'No worker began it within 1m.' })
    expect(answer(late, began).changed).toBe(false)
    expect(states(told(late, due('load.run-2'), 0))).toBe('failed failed ready')
  })

  test('is tried again like any other failure, where it has a retry', () => {
    const again = { ...share('load.run-1'), retry: { times: 1, wait: '10s', most: '10s' } }
    const story = told(begin({ stages: [again] }), due('load.run-1'), MINUTE)
    expect(story.execution.stages[0]).toMatchObject({ state: 'ready', attempt: 2, readyAt: story.now + 10 * SECOND })
    const over = told(story, due('load.run-1', 2), 70 * SECOND)
    expect(states(over)).toBe('failed')
  })

  test('goes on where a worker began it, however long it takes', () => {
    const story = told(begin({ stages }), began)
    expect(answer(story, due('load.run-1'), MINUTE).changed).toBe(false)
  })
})
