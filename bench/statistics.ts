/** Half, and the slow end that people remember. */
export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number }

/** By nearest rank: each of the three is a value that was measured. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

export function median(values: readonly number[]): number {
  return percentiles(values).p50
}

export function ratioOf(ours: Percentiles, baseline: Percentiles): Percentiles {
  return { p50: ours.p50 / baseline.p50, p95: ours.p95 / baseline.p95, p99: ours.p99 / baseline.p99 }
}

/** A figure of ours and that of the baseline beside it, measured in the same run; `ratio` is ours over theirs. */
export type Beside = { readonly groundcrew: number; readonly baseline: number; readonly ratio: number }

export function beside(groundcrew: number, baseline: number): Beside {
  return { groundcrew, baseline, ratio: groundcrew / baseline }
}

/** Cells of a table: both figures with so many digits, and the ratio, where there is one. */
export function cells({ groundcrew, baseline, ratio }: Beside, digits = 1): string[] {
  return [groundcrew.toFixed(digits), baseline.toFixed(digits), Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : '-']
}
