import { randomBytes } from 'node:crypto'
import { createArtifacts } from '../src/engine/artifacts.ts'
import { install } from './installation.ts'
import { peakGrowth } from './memory.ts'
import { type Beside, beside, cells, median } from './statistics.ts'
import { table } from './table.ts'

const MEGABYTE = 1_000_000
const SIZES = [
  { megabytes: 1, rounds: 20 },
  { megabytes: 10, rounds: 10 },
  { megabytes: 30, rounds: 6 },
] as const

type Size = {
  readonly megabytes: number
  readonly milliseconds: Beside
  /** Both ways: what is put and got again counts twice. */
  readonly megabytesPerSecond: Beside
  /** How far the process grew at its most during one put and get, in MB; null where the system does not say. */
  readonly peakMegabytes: Beside | null
}

export type ArtifactFigures = { readonly baseline: string; readonly sizes: readonly Size[] }

/** A file put into the store and read again, encrypted, beside the same bytes set and got on the same connection. */
export async function measureArtifacts(signal: AbortSignal): Promise<ArtifactFigures> {
  await using stack = new AsyncDisposableStack()
  const installation = await install(stack, { names: ['loadtest'] })
  const { engine } = await installation.open()
  const { redis, keys } = engine
  const artifacts = createArtifacts(redis, keys, randomBytes(32).toString('hex')).of('bench')
  const sizes: Size[] = []
  for (const { megabytes, rounds } of SIZES) {
    const bytes = randomBytes(megabytes * MEGABYTE)
    const ours = async () => {
      await artifacts.put('file', bytes)
      return artifacts.get('file')
    }
    const theirs = async () => {
      await redis.set('bare', bytes)
      return redis.getBuffer('bare')
    }
    sizes.push({ megabytes, ...(await compare({ ours, theirs, bytes, rounds }, signal)) })
  }
  return { baseline: 'bare SET and GET', sizes }
}

type Work = () => Promise<Uint8Array | null>
type Compared = { readonly ours: Work; readonly theirs: Work; readonly bytes: Buffer; readonly rounds: number }

/** In turns; the first of each is the warm-up. */
async function compare(
  { ours, theirs, bytes, rounds }: Compared,
  signal: AbortSignal,
): Promise<Omit<Size, 'megabytes'>> {
  const [mine, bare]: [number[], number[]] = [[], []]
  const [minePeaks, barePeaks]: [(number | null)[], (number | null)[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    signal.throwIfAborted()
    const first = await timed(ours, bytes)
    const second = await timed(theirs, bytes)
    if (round === 0) continue
    mine.push(first.took)
    bare.push(second.took)
    minePeaks.push(first.peak)
    barePeaks.push(second.peak)
  }
  const [took, bareTook] = [median(mine), median(bare)]
  const [peak, barePeak] = [most(minePeaks), most(barePeaks)]
  const speed = (ms: number) => (2 * bytes.length) / MEGABYTE / (ms / 1000)
  return {
    milliseconds: beside(took, bareTook),
    megabytesPerSecond: beside(speed(took), speed(bareTook)),
    peakMegabytes: peak === null || barePeak === null ? null : beside(peak, barePeak),
  }
}

/** What comes back is what was sent, or there are no figures. */
async function timed(work: Work, sent: Buffer): Promise<{ took: number; peak: number | null }> {
  let took = 0
  const peak = await peakGrowth(async () => {
    const began = performance.now()
    const got = await work()
    took = performance.now() - began
    if (!got || !sent.equals(got)) throw new Error(`Expected ${sent.length} bytes back as they were sent.`)
  })
  return { took, peak }
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === values.length ? Math.max(...known) : null
}

export function artifactsReport({ baseline, sizes }: ArtifactFigures): string {
  return table([
    ['artifacts: put and get, encrypted', 'Groundcrew', baseline, 'ratio'],
    ...sizes.flatMap(({ megabytes, milliseconds, megabytesPerSecond, peakMegabytes }) => [
      [`${megabytes} MB: milliseconds, median`, ...cells(milliseconds)],
      [`${megabytes} MB: MB/s, both ways`, ...cells(megabytesPerSecond, 0)],
      [
        `${megabytes} MB: peak growth of the process, MB`,
        ...(peakMegabytes ? cells(peakMegabytes, 0) : ['-', '-', '']),
      ],
    ]),
  ])
}
