import { expect, test } from 'vitest'
import type { Execution } from '../../../src/core/execution.ts'
import { newExecution } from '../../../src/core/execution.ts'
import type { LoadOutput } from '../../../src/core/load/report.ts'
import type { Outcome } from '../../../src/core/workflow.ts'
import { loadText } from '../../../src/engine/progress.ts'
import { closingReply, executionMessage } from '../../../src/slack/messages.ts'
import { addTime, encodeTimes, newTimes } from '../../../src/tools/load/histogram.ts'
import { stage, wanted } from '../../core/world.ts'
import { drawn } from '../reading.ts'
import { complaints } from '../validate.ts'

const HOSTILE = '`</code> <!channel> *bold* <@U01ALICE>'

const report: LoadOutput = {
  requests: 12_000,
  failed: 60,
  seconds: 30,
  throughput: 400,
  p50: 4.2,
  p90: 9,
  p95: 212,
  p99: 480,
  max: 1200,
  errorPercent: 0.5,
  errors: { [HOSTILE]: 59, 'timed out': 1 },
  plan: 'smoke',
  engine: 'autocannon',
  target: 'http://127.0.0.1:4001/',
  generators: 1,
  connections: 8,
  rate: null,
  wanted: 2,
  shares: [
    { stage: 'load.run-1', host: 'gen-a', requests: 12_000, throughput: 400, p95: 212 },
    { stage: 'load.run-2', host: 'gen-b', requests: 0, throughput: 0, p95: 0, missing: HOSTILE },
  ],
  verdicts: [{ name: 'p95', value: 212, limit: 200, passed: false }],
  before: {
    execution: 'k3f9',
    at: 0,
    throughput: 320,
    p50: 4,
    p95: 240,
    p99: 600,
    errorPercent: 0,
    otherwise: '2 generators',
  },
}

function over(outcome: Outcome, id = 'load.report'): Execution {
  const begun = newExecution(wanted({ stages: [stage(id, id === 'load.report' ? id : 'load.run')] }), 0)
  const stages = begun.stages.map(
    (each) => ({ ...each, state: outcome.kind, startedAt: 0, endedAt: 1000, outcome }) as never,
  )
  return { ...begun, stages, status: outcome.kind as never, endedAt: 1000 }
}

const shown = (execution: Execution, load: string | null = null) => ({
  execution,
  environment: null,
  progress: [],
  load,
})

test('the report is a table that fits a phone, with what was missed, what is missing and what was before', () => {
  const execution = over({ kind: 'failed', error: '1 of 1 thresholds missed.', output: { ...report } })
  const message = executionMessage(shown(execution))
  expect(complaints(message)).toEqual([])
  const text = drawn(message)
  expect(text).toContain('1 of 2 shares is missing')
  expect(text).toContain('❌ p95 212 ms, at most 200 ms')
  expect(text).toMatch(/throughput\s+400\/s\s+320\/s\s+\+25\s%/)
  const table = text.split('\n').filter((line) => /^\s*(throughput|p\d+|max|errors|requests)\s{2,}/.test(line))
  expect(table.length).toBeGreaterThan(4)
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(38)
  const closing = closingReply(shown(execution))
  expect(closing && complaints(closing)).toEqual([])
  expect(closing && drawn(closing)).toContain('12,000 requests in 30 s: 400/s')
})

test('where it was called off, each generator has what it had measured until then', () => {
  const part = { ...report, share: 1 }
  const text = drawn(executionMessage(shown(over({ kind: 'canceled', why: 'canceled', output: part }, 'load.run-1'))))
  expect(text).toContain('Measured until it was stopped')
  expect(text).toContain('12,000 requests in 30 s')
})

test('while they run, all generators are one load: the percentiles of all times together', () => {
  const begun = newExecution(wanted({ stages: [stage('load.run-1', 'load.run'), stage('load.run-2', 'load.run')] }), 0)
  const execution: Execution = {
    ...begun,
    status: 'running',
    stages: begun.stages.map((each) => ({ ...each, state: 'running', startedAt: 1000 })),
  }
  const word = (stage: string, ms: number, at = 2000) => {
    const times = newTimes()
    for (let n = 0; n < 100; n += 1) addTime(times, ms)
    return { stage, text: '', at, load: { requests: 100, failed: 5, throughput: 50, times: encodeTimes(times) } }
  }
  const words = [word('load.run-1', 10), word('load.run-2', 200)]
  expect(loadText(execution, words)).toBe(
    '2 generators together: 100/s, p50 10 ms, p95 200 ms, p99 200 ms, 5 % errors, 200 requests',
  )
  expect(loadText(execution, [word('load.run-1', 10), word('load.run-2', 200, 500)])).toMatch(/^1 generator: 50\/s/)
  expect(loadText(over({ kind: 'succeeded', output: {} }, 'load.run-1'), words)).toBeNull()
  expect(drawn(executionMessage(shown(execution, loadText(execution, words))))).toContain('📈 2 generators together')
})
