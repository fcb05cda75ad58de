import type { Counts } from '../../../src/monitors/vault-audit/count.ts'

type Shown = Pick<
  Counts,
  'lines' | 'denied' | 'failedLogin' | 'wrappingInvalid' | 'unparsable' | 'oversize' | 'jsonx'
> & { readonly ids: readonly string[] }

const TEXTS = [
  'permission denied',
  'evaluation resulted in denial.',
  'invalid credentials',
  'wrapping token is not valid or does not exist',
  'invalid role or secret ID',
  'missing client token',
]

/**
 * The rules once more, slowly: split at newlines, one regular expression or `JSON.parse` after the other, nothing by bytes and
 * nothing remembered of the fast reader. `ids` are the requests that count as denied, in order.
 */
export function countSlowly(file: Buffer, longest: number, prefix = ''): Shown {
  const sums = { lines: 0, failedLogin: 0, wrappingInvalid: 0, unparsable: 0, oversize: 0, jsonx: 0, denied: 0 }
  const ids: string[] = []
  const seen = new Set<string>()
  const whole = file.toString('latin1').split('\n').slice(0, -1)
  for (const line of whole) {
    sums.lines++
    if (line.length > longest) {
      sums.oversize++
      continue
    }
    const read = entryOf(line, prefix)
    if (read === 'blank') continue
    if (read === 'jsonx') sums.jsonx++
    if (read === 'jsonx' || read === undefined) {
      sums.unparsable++
      continue
    }
    if (!TEXTS.some((text) => read.includes(text))) continue
    const entry = parsed(Buffer.from(read, 'latin1').toString('utf8'))
    if (entry === undefined) {
      sums.unparsable++
      continue
    }
    const kind = kindOf(entry)
    if (kind === undefined) continue
    const id = typeof entry.request?.id === 'string' ? entry.request.id : ''
    if (id === '' ? entry.type !== 'response' && kind !== 'wrappingInvalid' : seen.has(`${kind}/${id}`)) continue
    seen.add(`${kind}/${id}`)
    sums[kind]++
    if (kind === 'denied') ids.push(id)
  }
  return { ...sums, ids }
}

function entryOf(line: string, prefix: string): string | 'blank' | 'jsonx' | undefined {
  const WHITE = '[\\x00-\\x20]*'
  const end = line.replace(new RegExp(`${WHITE}$`), '')
  if (end === '') return 'blank'
  const ours = prefix !== '' && end.startsWith(prefix)
  const rest = (ours ? end.slice(prefix.length) : end).replace(new RegExp(`^${WHITE}`), '')
  if (rest.startsWith('<json:')) return 'jsonx'
  const entry = ours ? rest : end.slice(end.indexOf('{'))
  return entry.length > 1 && entry.startsWith('{') && entry.endsWith('}') ? entry : undefined
}

type Loose = { type?: unknown; error?: unknown; request?: { id?: unknown } | null; response?: { data?: Loose } | null }

function parsed(text: string): Loose | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function kindOf(entry: Loose): 'denied' | 'failedLogin' | 'wrappingInvalid' | undefined {
  const error = typeof entry.error === 'string' ? entry.error : ''
  const parts = error.split('\n').map((part) => part.replace(/^[\t ]*(?:\* )?/, '').trimEnd())
  const old = /(?:^|\n)[\t ]*(?:\* )?[er]gp standard policy ".*" evaluation resulted in denial\./.test(error)
  if (parts.includes('permission denied') || old) return 'denied'
  if (parts.includes('wrapping token is not valid or does not exist')) return 'wrappingInvalid'
  const inData = entry.response?.data?.error === 'invalid role or secret ID'
  return parts.includes('invalid credentials') || inData ? 'failedLogin' : undefined
}
