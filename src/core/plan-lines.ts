/** What a line of Terraform's plan text says happens; it colours a page, and decides nothing. */
export type PlanLineKind = 'create' | 'delete' | 'update' | 'replace' | 'read' | 'head' | 'total' | 'plain'

/** A change as the plan text has it: its head (`# x will be created`) and the lines below. `head` is null for what stands between. */
export type PlanPart = {
  readonly head: string | null
  readonly kind: PlanLineKind
  readonly lines: readonly { readonly kind: PlanLineKind; readonly text: string }[]
}

/**
 * The text of `terraform show PLAN`, cut into its changes. Read for people only, so that what is not understood is simply shown: the
 * figures that anything depends on come from the plan's JSON.
 */
export function planParts(text: string): PlanPart[] {
  const parts: { head: string | null; kind: PlanLineKind; lines: PlanPart['lines'][number][] }[] = []
  for (const line of text.replace(/\r\n/g, '\n').split('\n')) {
    const kind = kindOf(line)
    if (kind === 'head' && !/^ {2}# \(/.test(line))
      parts.push({ head: line.trim().slice(2), kind: headKind(line), lines: [] })
    else if (kind === 'total' || /^[^\s+~<-]/.test(line) || parts.length === 0)
      between(parts).lines.push({ kind, text: line })
    else parts.at(-1)?.lines.push({ kind, text: line })
  }
  return parts
    .map((part) => ({ ...part, lines: withoutBlankEnds(part.lines) }))
    .filter(({ head, lines }) => head !== null || lines.length > 0)
}

function between(parts: { head: string | null; kind: PlanLineKind; lines: PlanPart['lines'][number][] }[]) {
  const last = parts.at(-1)
  if (last && last.head === null) return last
  const part = { head: null, kind: 'plain' as const, lines: [] }
  parts.push(part)
  return part
}

function kindOf(line: string): PlanLineKind {
  if (/^ {2}# /.test(line)) return 'head'
  if (/^Plan: /.test(line)) return 'total'
  const sign = /^\s*(-\/\+|\+\/-|<=|[-+~])(?: |$)/.exec(line)?.[1]
  if (sign === '+') return 'create'
  if (sign === '-') return 'delete'
  if (sign === '~') return 'update'
  if (sign === '<=') return 'read'
  return sign ? 'replace' : 'plain'
}

function headKind(line: string): PlanLineKind {
  if (/must be replaced|will be replaced/.test(line)) return 'replace'
  if (/will be (?:destroyed|removed)|will no longer be managed/.test(line)) return 'delete'
  if (/will be created|will be imported/.test(line)) return 'create'
  if (/will be updated/.test(line)) return 'update'
  return /will be read/.test(line) ? 'read' : 'plain'
}

function withoutBlankEnds<Line extends { readonly text: string }>(lines: readonly Line[]): Line[] {
  const said = lines.map(({ text }) => text.trim() !== '')
  return said.includes(true) ? lines.slice(said.indexOf(true), said.lastIndexOf(true) + 1) : []
}
