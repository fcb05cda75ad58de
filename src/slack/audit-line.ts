import type { AuditLine } from '../core/audit.ts'
import { auditText } from '../core/audit.ts'
import type { Wish } from '../engine/outbox.ts'
import { put } from './deliver.ts'
import type { Message } from './limits.ts'
import { escape as escaped } from './limits.ts'
import { context, finished } from './messages/blocks.ts'
import type { PosterParts } from './parts.ts'

/** A line of the audit for its channel. People stand in it by their id alone: nobody is called by a record of what he did. */
export function auditMessage(line: AuditLine): Message {
  const text = escaped(auditText(line, (id) => `\`${id}\``))
  const id = `audit-${line.seq}`
  return finished({ text, blocks: [context(text)] }, { first: id, prefix: id })
}

/** Shows a line once, in the channel that the site names. */
export async function showAudit(parts: PosterParts, wish: Wish, seq: number): Promise<number | null> {
  const { site, auditLine } = parts
  const channel = site.audit.channel && site.channels[site.audit.channel]
  const line = channel ? await auditLine(seq) : null
  if (!channel || !line) return null
  return put(parts, wish, { message: auditMessage(line), place: { channel }, importance: 'detail' })
}
