/** As `Date` counts them, from Sunday. */
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** `mon` or `mon-fri` (also over Sunday: `fri-mon`) as numbers from 0 for Sunday; null for what is neither. */
export function readDays(text: string): number[] | null {
  const [first = -1, last = first, ...more] = text.split('-').map((day) => WEEKDAYS.indexOf(day))
  if (first < 0 || last < 0 || more.length > 0) return null
  const count = ((last - first + 7) % 7) + 1
  return Array.from({ length: count }, (_, index) => (first + index) % 7)
}
