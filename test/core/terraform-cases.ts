import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ApplyEnd, ApplyReport, StreamEvent } from '../../src/core/apply.ts'
import { applyReport, beginApply, readEvent, recordEvent } from '../../src/core/apply.ts'
import type { PlanSummary } from '../../src/core/plan.ts'

const folder = fileURLToPath(new URL('../cases/terraform/', import.meta.url))

/** Names of the recorded (and `made-`) cases, all or those that have a certain file. */
export function cases(having = 'plan.json'): string[] {
  return readdirSync(folder).filter((name) => existsSync(`${folder}${name}/${having}`))
}

export function pathIn(name: string, file: string): string {
  return `${folder}${name}/${file}`
}

export function read(name: string, file: string): string {
  return readFileSync(pathIn(name, file), 'utf8')
}

export function planOf(name: string): Record<string, unknown> {
  return JSON.parse(read(name, 'plan.json'))
}

export function events(name: string, file: string): StreamEvent[] {
  return read(name, file)
    .split('\n')
    .map(readEvent)
    .filter((event) => event !== undefined)
}

export function exitOf(name: string, file: string): number {
  return Number(read(name, file))
}

/** The report of a recorded apply; killed by a signal means that nobody saw how it ended. */
export function reportOf(name: string, summary: PlanSummary): ApplyReport {
  const record = events(name, 'apply.ndjson').reduce(recordEvent, beginApply(summary.changes))
  const exitCode = exitOf(name, 'apply.exit')
  const end: ApplyEnd = exitCode > 128 ? 'vanished' : { exitCode }
  return applyReport(record, end)
}
