import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../examples/demo/parts/program.ts'

export type Truth = {
  readonly bytes: number
  readonly counts: {
    readonly lines: number
    readonly denied: number
    readonly failedLogin: number
    readonly wrappingInvalid: number
    readonly unparsable: number
    readonly oversize: number
    readonly byClass: Readonly<Record<string, number>>
  }
}

/** A few lines that belong together, with what they add to the counts. `ID` in them stands for an id that is used nowhere else. */
type Group = { readonly lines: readonly string[]; readonly share: number; readonly adds?: string; readonly as?: string }

const MEGABYTE = 1024 * 1024
const OVERSIZE = 9 * MEGABYTE
const BATCH = 4 * MEGABYTE

/** The recorded samples, mixed as a busy Vault writes them: 19 of 20 requests succeed; lists are long; some lines are not Vault's, yet such that jq can read them too. */
function groups(): readonly Group[] {
  const samples = readFileSync(join(root, 'test/cases/audit/samples.jsonl'), 'utf8').trimEnd().split('\n')
  const at = (...numbers: number[]) =>
    numbers.map((number) => (samples[number - 1] ?? '').replace(/("request":\{[^}]*?"id":")[0-9a-f-]{36}/, '$1ID'))
  const read = at(10)
  const list = read.map((line) => line.replace('"metadata":{', `"keys":[${keys(300)}],"metadata":{`))
  return [
    { share: 600, lines: read },
    { share: 300, lines: at(6, 10) },
    { share: 10, lines: list },
    { share: 30, lines: at(11) },
    { share: 10, lines: at(12) },
    { share: 10, lines: at(13) },
    { share: 20, lines: at(1, 2), adds: 'denied', as: 'policy' },
    { share: 6, lines: at(3, 4), adds: 'denied', as: 'invalid_token' },
    { share: 4, lines: at(7), adds: 'denied', as: 'bad_token_lookup' },
    { share: 4, lines: at(15), adds: 'denied', as: 'missing_token' },
    { share: 4, lines: at(8), adds: 'failedLogin' },
    { share: 1, lines: at(15).map((line) => line.replace('permission denied', WRAPPING)), adds: 'wrappingInvalid' },
    { share: 1, lines: [''] },
    { share: 1, lines: ['["permission denied"]'], adds: 'unparsable' },
  ]
}

const WRAPPING = 'wrapping token is not valid or does not exist'
const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => `"hmac-sha256:${String(index).padStart(64, '0')}"`).join(',')

/** Writes about so many megabytes, the same for the same size, and says what is to be counted in them. */
export async function writeAuditFile(file: string, megabytes: number, signal: AbortSignal): Promise<Truth> {
  const out = createWriteStream(file)
  const sums: Record<string, number> = { denied: 0, failedLogin: 0, wrappingInvalid: 0, unparsable: 0 }
  const byClass: Record<string, number> = {}
  const next = shuffled(groups())
  let [bytes, lines, request] = [0, 0, 0]
  const write = async (text: string) => {
    bytes += Buffer.byteLength(text)
    if (!out.write(text)) await once(out, 'drain', { signal })
  }
  while (bytes < megabytes * MEGABYTE) {
    let batch = ''
    while (batch.length < BATCH) {
      const group = next()
      const id = `00000000-0000-4000-8000-${String(request++).padStart(12, '0')}`
      for (const line of group.lines) batch += `${line.replace('ID', id)}\n`
      lines += group.lines.length
      if (group.adds) sums[group.adds] = (sums[group.adds] ?? 0) + 1
      if (group.as) byClass[group.as] = (byClass[group.as] ?? 0) + 1
    }
    await write(batch)
  }
  await write(`{"type":"response","x":"${'x'.repeat(OVERSIZE)}","error":"permission denied"}\n`)
  out.end()
  await once(out, 'finish', { signal })
  const { denied = 0, failedLogin = 0, wrappingInvalid = 0, unparsable = 0 } = sums
  return { bytes, counts: { lines: lines + 1, denied, failedLogin, wrappingInvalid, unparsable, oversize: 1, byClass } }
}

/** One group after the other by its share, in an order that is the same each time (a linear congruential generator). */
function shuffled(all: readonly Group[]): () => Group {
  const cards = all.flatMap((group) => Array.from({ length: group.share }, () => group))
  let state = 1
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return cards[Math.floor((state / 2_147_483_648) * cards.length)] as Group
  }
}
