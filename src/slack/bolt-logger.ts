import { LogLevel } from '@slack/bolt'
import type { Log } from '../log.ts'

/** What Bolt says of itself goes into our log. */
export function boltLogger(log: Log) {
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ slack: parts.map(String).join(' ').slice(0, 500) }, 'bolt')
  return {
    debug: () => {},
    info: line('debug'),
    warn: line('warn'),
    error: line('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  }
}
