import { inflateSync } from 'node:zlib'

type Area = { readonly left?: number; readonly right?: number; readonly top?: number; readonly bottom?: number }

export type Pixels = {
  readonly width: number
  readonly height: number
  /** How many pixels of an area have just this color. */
  count(color: readonly number[], area?: Area): number
}

const SIGNATURE = '89504e470d0a1a0a'
const DEPTH_8_RGBA = '0806'

/** Reads a PNG of 8 bits RGBA that is not interlaced (https://www.w3.org/TR/png-3/), which is what the renderer makes. */
export function pixelsOf(png: Uint8Array): Pixels {
  const bytes = Buffer.from(png)
  if (bytes.toString('hex', 0, 8) !== SIGNATURE) throw new Error('This is no PNG.')
  if (bytes.toString('hex', 24, 26) !== DEPTH_8_RGBA) throw new Error('This PNG is not of 8 bits RGBA.')
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  const pixels = unfiltered(inflateSync(dataOf(bytes)), width * 4, height)
  return {
    width,
    height,
    count(color, { left = 0, right = width, top = 0, bottom = height } = {}) {
      let found = 0
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          if (color.every((part, at) => pixels[(y * width + x) * 4 + at] === part)) found++
      return found
    },
  }
}

function dataOf(bytes: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  return Buffer.concat(parts)
}

function unfiltered(data: Buffer, stride: number, height: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const [a, b] = [x < 4 ? 0 : byte(out, y * stride + x - 4), y === 0 ? 0 : byte(out, (y - 1) * stride + x)]
      const c = x < 4 || y === 0 ? 0 : byte(out, (y - 1) * stride + x - 4)
      const predicted = [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter ?? 0] ?? 0
      out[y * stride + x] = byte(data, y * (stride + 1) + 1 + x) + predicted
    }
  }
  return out
}

const byte = (bytes: Buffer, at: number) => bytes[at] ?? 0

function paeth(a: number, b: number, c: number): number {
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  if (toA <= toB && toA <= toC) return a
  return toB <= toC ? b : c
}
