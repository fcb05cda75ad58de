/** Something that is there. `id` says which one and since when; `ready`: it may begin what the site says. */
export type Found = {
  readonly id: string
  readonly ready: boolean
  /** For people: `build 7, SUCCESS`. */
  readonly what: string
  readonly values: Readonly<Record<string, string>>
  /** Why it shall begin nothing, although it is over; then it never will. */
  readonly passed?: string
}

export type Looked = {
  /** What happened first comes first. */
  readonly found: readonly Found[]
  /** For people: what is there. */
  readonly saw: string
  /** What was missed for good. */
  readonly lost?: string
  /** Keeps how far was looked; `left` could not be begun and has to be found again. */
  done?(left: ReadonlySet<string>): Promise<void>
}
