// `npm run -s demo:denied [count] [over]`: so many requests that Vault denied, at the end of the demo's audit file: of now, or spread over
// the last `over` (`40m`). Each is the lines that Vault writes of one, as they stand in denied.jsonl, with an id and a time of its own.

import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds } from '../../src/core/duration.ts'
import { messageOf, UserError } from '../../src/errors.ts'
import { demoFolder } from './folder.ts'

type Entry = { readonly time: string; readonly request: { readonly id: string } }

/** Lines of test/cases/audit, by the request that they are of. */
const lines = readFileSync(join(import.meta.dirname, 'denied.jsonl'), 'utf8')
  .trim()
  .split('\n')
const entries = lines.map((line) => JSON.parse(line) as Entry)
const requests = [...Map.groupBy(entries, ({ request }) => request.id).values()]

/** Every other one is of the first kind, so that somebody stands out. */
function linesOf(nth: number, time: Date): string {
  const id = randomUUID()
  const kind = nth % 2 === 0 ? 0 : ((nth - 1) / 2) % requests.length
  const made = requests[kind]?.map((entry) => ({
    ...entry,
    time: time.toISOString(),
    request: { ...entry.request, id },
  }))
  return (made ?? []).map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

function write([count = '20', over]: readonly string[]): string {
  if (!/^[1-9]\d{0,3}$/.test(count)) throw new UserError(`\`${count}\` is not a whole number from 1 to 9999.`)
  const { file, shown } = demoFolder(process.env.GROUNDCREW_DEMO_DIR)
  const log = file('vault/audit.log')
  if (!existsSync(log)) throw new UserError(`${log} is not there: start the demo first (script/demo).`)
  const [many, apart, now] = [Number(count), over ? milliseconds(over) / Number(count) : 0, Date.now()]
  const times = Array.from({ length: many }, (_, nth) => new Date(now - apart * (many - 1 - nth)))
  appendFileSync(log, times.map((time, nth) => linesOf(nth, time)).join(''))
  return `${many} denied requests are in ${shown('vault/audit.log')}.`
}

try {
  process.stdout.write(`${write(process.argv.slice(2))}\n`)
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
