import { pino } from 'pino'

export type Log = pino.Logger

/** Fields that can hold a secret wherever they appear; pino replaces them before the line is written. */
const redact = ['*.token', '*.password', '*.secret', 'token', 'password', 'secret', '*.authorization', 'req.headers']

/**
 * One JSON line per event on standard error: a fixed message, fields beside it, never a secret.
 * Standard output stays free for answers (`crew plan --json` is read by programs).
 */
export function createLog(name: string, level = 'info'): Log {
  return pino({ name, level, redact }, pino.destination({ dest: 2, sync: true }))
}
