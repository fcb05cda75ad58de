import type { Execution, StageRun } from '../../core/execution.ts'
import { isOver } from '../../core/execution.ts'
import { wordOf } from '../../core/status-word.ts'
import { code, link } from './text.ts'

type Shown = { readonly id: string; readonly execution: Execution | null; readonly link: string | undefined }

/** What one execution began, by the stages that did, and what it is part of. */
export type Related = { readonly children: ReadonlyMap<string, Shown>; readonly parent?: Shown }

/** The line and how it stands of what a stage began, with its message; empty where it began nothing. */
export function childText(related: Related | undefined, stage: StageRun): string {
  const child = related?.children.get(stage.id)
  if (!child?.execution) return ''
  const decide =
    child.execution.status === 'unknown' && !isOver(child.execution) ? ', and people have to decide there' : ''
  return `: ${code(child.execution.line)} is *${wordOf(child.execution)}* (${linked(child)})${decide}`
}

/** The same once that stage has ended: only what it was, and where to read how it went. */
export function childLink(related: Related | undefined, stage: StageRun): string {
  const child = related?.children.get(stage.id)
  return child?.execution ? `: ${code(child.execution.line)} (${linked(child)})` : ''
}

/** What an execution is part of, for its first lines. */
export function parentLines({ parent }: Execution, related: Related | undefined): string[] {
  if (!parent) return []
  const shown = related?.parent ?? { id: parent.execution, execution: null, link: undefined }
  return [`🧩 Part of ${code(parent.line)} (${linked(shown)}): whoever asked for that cannot approve this.`]
}

function linked({ id, link: url }: Shown): string {
  return url ? link(url, id) : code(id)
}
