import type { Histogram } from 'hdr-histogram-js'
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'

/**
 * Times of answers in microseconds, from 1 to an hour, exact to three digits (http://hdrhistogram.org). All of them have the same
 * buckets, so that adding them gives what one histogram of everything would have given: no average of percentiles.
 */
export type Times = Histogram

const AN_HOUR = 3_600_000_000

export function newTimes(): Times {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: AN_HOUR,
    numberOfSignificantValueDigits: 3,
  })
}

/** Milliseconds, as the engines give them; what took longer than an hour counts as an hour. */
export function addTime(times: Times, ms: number): void {
  times.recordValue(Math.min(Math.max(1, Math.round(ms * 1000)), AN_HOUR))
}

export function encodeTimes(times: Times): string {
  return times.totalCount === 0 ? '' : encodeIntoCompressedBase64(times)
}

/** Adds what `encodeTimes` gave, and so what another generator measured. */
export function addEncoded(times: Times, encoded: string): void {
  if (encoded !== '') times.add(decodeFromCompressedBase64(encoded, 32))
}

/** Milliseconds at a percentile, to three digits; null where nothing was answered. */
export function percentile(times: Times, percent: number): number | null {
  if (times.totalCount === 0) return null
  return Number((times.getValueAtPercentile(percent) / 1000).toPrecision(3))
}
