/** Numbers from 0 up to, but not including, 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Mutation = (line: Buffer, random: () => number, other: Buffer) => Buffer

const at = (line: Buffer, random: () => number) => Math.floor(random() * line.length)

const mutations: readonly Mutation[] = [
  (line) => line,
  (line) => line,
  (line, random) => line.subarray(0, at(line, random)),
  (line, random) => line.subarray(at(line, random)),
  (line, random, other) => Buffer.concat([line.subarray(0, at(line, random)), other]),
  (line, random) => replaced(line, at(line, random), Math.floor(random() * 256)),
  (line, random) => replaced(line, at(line, random), 0x0a),
  (line, random) => replaced(line, at(line, random), 0x20),
  (line, random) => replaced(line, at(line, random), 0x22),
  (line) => Buffer.concat([line, Buffer.from('\r')]),
  (line) => Buffer.concat([Buffer.from('[audit] '), line]),
  (line) => Buffer.concat([Buffer.from('{audit} '), line]),
  (line) => Buffer.concat([Buffer.from('  \t'), line, Buffer.from(' ')]),
  () => Buffer.from('{"type":"request","request":{},"error":"wrapping token is not valid or does not exist"}'),
  (line) => Buffer.concat([Buffer.from('<json:object name="x">'), line]),
  (line) => Buffer.from(line.toString().replaceAll('":', '": ').replaceAll(',"', ', "')),
  (line) => Buffer.from(line.toString().replace('permission denied', 'permission denied for schema x')),
  (line) => Buffer.from(line.toString().replace(/"id":"[^"]*"/, '"id":""')),
  (line, random) => Buffer.from(line.toString().replace(/"id":"[^"]*"/, `"id":"${random().toString(36)}"`)),
  (line, random) => Buffer.from(line.toString().replace(/"error":"[^"]*"/, `"error":${WRONG[at2(random)]}`)),
  (line, random) =>
    Buffer.concat([line.subarray(0, 30), Buffer.alloc(Math.floor(random() * 4000), 'x'), line.subarray(30)]),
  () => Buffer.alloc(0),
  () => Buffer.from('   '),
  () => Buffer.from('2026-11-20T09:00:00.000Z [ERROR] core: permission denied'),
  () => Buffer.from('}{'),
  () => Buffer.from('{'),
  () => Buffer.from('{}'),
]

const WRONG = [
  'null',
  '["permission denied"]',
  '{"permission denied":1}',
  '" permission denied"',
  '"permission denied "',
  '"Permission denied"',
  '"x\\n\\t* permission denied\\n"',
  '"wrapping token is not valid or does not exist"',
  '"1 error occurred:\\n\\t* invalid credentials\\n\\n"',
  '"egp standard policy \\"a b\\" evaluation resulted in denial.\\n"',
  '"xgp standard policy \\"a b\\" evaluation resulted in denial.\\n"',
]
const at2 = (random: () => number) => Math.floor(random() * WRONG.length)

function replaced(line: Buffer, where: number, byte: number): Buffer {
  const changed = Buffer.from(line)
  if (changed.length > 0) changed[where] = byte
  return changed
}

/** A file of so many mutated lines, each ended by a newline but the last, which may be torn. */
export function mutatedFile(samples: readonly Buffer[], lines: number, random: () => number): Buffer {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
  const made = Array.from({ length: lines }, () => [pick(mutations)(pick(samples), random, pick(samples)), NEWLINE])
  if (random() < 0.5) made.push([pick(samples).subarray(0, Math.floor(random() * 900))])
  return Buffer.concat(made.flat())
}

const NEWLINE = Buffer.from('\n')
