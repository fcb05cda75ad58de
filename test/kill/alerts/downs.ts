type Down = { readonly what: string; readonly from: number; to: number | null }

/** Whatever came back needs a moment: what a dead bot held on the outbox is free again after five seconds. */
const AFTER_MS = 5_000

export type Downs = ReturnType<typeof createDowns>

/** When something was down, so that nobody could know or tell better. */
export function createDowns() {
  const downs: Down[] = []
  const open = (what: string) => downs.find((each) => each.what === what && each.to === null)
  return {
    down(what: string): void {
      if (!open(what)) downs.push({ what, from: Date.now() - 100, to: null })
    },
    up(what: string): void {
      const found = open(what)
      if (found) found.to = Date.now()
    },
    /** The start of a time that ends at `until` and has so many milliseconds in a row before anything (of these) was down. */
    before(until: number, ms: number, of?: readonly string[]): number {
      let start = until - ms
      for (const { what, from, to } of downs.toReversed()) {
        if (of && !of.includes(what)) continue
        const end = (to ?? Number.POSITIVE_INFINITY) + AFTER_MS
        if (end > start && from < until) start = Math.min(start, from - ms)
      }
      return start
    },
    /** Whether it was down all the while. */
    all: (what: string, from: number, until: number): boolean =>
      downs.some((each) => each.what === what && each.from <= from && (each.to ?? Number.POSITIVE_INFINITY) >= until),
    any: (what: string, from: number, until: number): boolean =>
      downs.some((each) => each.what === what && each.from <= until && (each.to ?? Number.POSITIVE_INFINITY) >= from),
  }
}
