import type { Groups } from '../core/access.ts'
import type { Catalog } from '../core/command.ts'
import type { ArtifactStore } from './artifacts.ts'
import type { Audit } from './audit.ts'
import type { EngineParts } from './perform.ts'

export type CrewParts = Omit<EngineParts, 'hints' | 'redis' | 'keys'> & {
  readonly catalog: Catalog
  readonly groups: () => Promise<Groups>
  readonly audit: Audit
  readonly artifacts: ArtifactStore
  /** Wakes the sweep, so that what was just stored is done at once. */
  readonly kick: () => void
  /** `mask` takes out what this process knows to be secret. */
  readonly consul: {
    readonly address: string
    readonly token?: string | undefined
    readonly mask?: (text: string) => string
  }
}
