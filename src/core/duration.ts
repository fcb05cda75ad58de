import { UserError } from '../errors.ts'

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `45m`, `4h`, `1h30m`, `2d` in milliseconds. Throws a `UserError` that shows the form for anything else, zero included. */
export function milliseconds(text: string): number {
  const parts = [...text.trim().matchAll(/(\d{1,6})([smhd])/g)]
  const whole = parts.map((part) => part[0]).join('')
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0)
  if (whole !== text.trim() || total <= 0) {
    throw new UserError(
      `\`${text}\` is not a duration. Write a number with s, m, h or d: \`90s\`, \`45m\`, \`4h\`, \`1h30m\`, \`2d\`.`,
    )
  }
  return total
}

/** Milliseconds as people say them, in at most two units: `40 s`, `6 m 12 s`, `4 h`, `2 d 3 h`. */
export function spoken(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0 s'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}
