import { createCounter } from '../../../src/monitors/vault-audit/count.ts'
import type { Finding, Judging } from '../../../src/monitors/vault-audit/judge.ts'

export const MULTI = '1 error occurred:\n\t* permission denied\n\n'
export const WATCHER = { role_name: 'vaultbot-ttl-watcher' }

/** The counts of a text, as if it were a whole file. */
export function counted(text: string, options: Judging & { prefix?: string } = {}) {
  const findings: Finding[] = []
  const counter = createCounter({ ...options, onFinding: (finding) => findings.push(finding) })
  const bytes = Buffer.from(text)
  counter.onLines(bytes, 0, bytes.length)
  return { ...counter.counts(), findings }
}
/** Whole lines. */
export const lines = (...texts: string[]) => texts.map((text) => `${text}\n`).join('')
