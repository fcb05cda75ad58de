/** As in a `diagnostic` message of the `-json` stream. */
export type Diagnostic = { severity: string; summary: string; detail?: string | undefined }

/**
 * What went wrong, as far as it decides what to do next.
 * `state-not-saved`: never apply again before `errored.tfstate` was pushed. `stale-plan`, `incomplete-plan`, `other-version`: plan
 * again. `state-locked`: somebody else works on this state. `interrupted`: it was told to stop, and did.
 */
export type DiagnosisKind =
  | 'state-not-saved'
  | 'stale-plan'
  | 'incomplete-plan'
  | 'other-version'
  | 'state-locked'
  | 'interrupted'
  | 'other'

type Sign = { kind: DiagnosisKind; summary?: RegExp; detail?: RegExp }

/** Terraform's exact texts (1.11), the gravest first: of several errors, the first sign found names the case. */
const SIGNS: readonly Sign[] = [
  { kind: 'state-not-saved', summary: /^Failed to (save|persist|serialize) state|^Failed to create local state file/ },
  { kind: 'state-not-saved', detail: /terraform state push errored\.tfstate/ },
  { kind: 'stale-plan', summary: /^Saved plan is stale$|^Saved plan does not match the given state$/ },
  { kind: 'incomplete-plan', summary: /^Cannot apply incomplete plan$/ },
  { kind: 'other-version', detail: /plan file was created by Terraform \S+ but this is / },
  { kind: 'other-version', detail: /plan file was created with a different set of external dependency selections/ },
  { kind: 'other-version', detail: /state snapshot was created by Terraform \S+ which is newer than current / },
  { kind: 'other-version', summary: /^Unsupported Terraform Core version$/ },
  { kind: 'state-locked', summary: /^Error acquiring the state lock$/ },
  { kind: 'interrupted', summary: /^(execution halted|operation canceled)$/ },
  { kind: 'interrupted', detail: /^Error running command '.*': signal: interrupt\. Output:/ },
]

/** Names the case from a command's diagnostics; warnings do not count. */
export function diagnose(diagnostics: readonly Diagnostic[]): DiagnosisKind {
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  return SIGNS.find((sign) => errors.some((error) => matches(sign, error)))?.kind ?? 'other'
}

function matches({ summary, detail }: Sign, error: Diagnostic): boolean {
  return Boolean(summary?.test(error.summary.trim()) || detail?.test(unwrapped(error.detail ?? '')))
}

/** Terraform breaks its longer texts into lines. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ')
}
