/** Numbers that were passed over, as ranges: which of them turn up later, and which never do. */
export type Gap = { readonly line: number; readonly from: number; readonly to: number }

export function createGaps() {
  const gaps: Gap[] = []
  return {
    open(line: number, from: number, to: number): void {
      gaps.push({ line, from, to })
    },
    /** True when the number was missing so far; it no longer is. */
    close(seq: number): boolean {
      const at = gaps.findIndex(({ from, to }) => seq >= from && seq <= to)
      const gap = gaps[at]
      if (!gap) return false
      const { line, from, to } = gap
      const rest = [
        { line, from, to: seq - 1 },
        { line, from: seq + 1, to },
      ]
      gaps.splice(at, 1, ...rest.filter((part) => part.from <= part.to))
      return true
    },
    all: (): readonly Gap[] => gaps,
  }
}
