import { shown } from '../../core/text.ts'
import { UserError } from '../../errors.ts'
import type { Principal } from '../../monitors/vault-audit/judge.ts'

const FIELDS = ['role_name', 'display_name', 'entity_id'] as const

/** `role_name=X`, each a principal of its own. Throws a `UserError` for anything else. */
export function excludedIn(texts: readonly string[]): Principal[] {
  return texts.map((text) => {
    const [, name, value] = /^([a-z_]+)=(.+)$/s.exec(text) ?? []
    const field = FIELDS.find((known) => known === name)
    if (field && value) return { [field]: value }
    throw new UserError(
      `\`--exclude ${shown(text)}\` names no principal. Write ${FIELDS.map((known) => `${known}=NAME`).join(', ')}.`,
    )
  })
}
