import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { unifiedDiff } from '../../../src/core/kv/unified.ts'

const dir = mkdtempSync(join(tmpdir(), 'groundcrew-unified-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function patched(before: string, after: string, context?: number): string {
  writeFileSync(join(dir, 'f.yml'), before)
  writeFileSync(join(dir, 'p.patch'), unifiedDiff('f.yml', before, after, context))
  execFileSync('git', ['apply', ...(context === 0 ? ['--unidiff-zero'] : []), 'p.patch'], { cwd: dir, stdio: 'pipe' })
  return readFileSync(join(dir, 'f.yml'), 'utf8')
}

test('git makes of the one text the other one, with and without lines around it', () => {
  let state = 7
  const roll = (sides: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % sides
  }
  for (let round = 0; round < 40; round++) {
    const lines = Array.from({ length: 3 + roll(30) }, () => `line ${roll(6)}`)
    const other = lines.flatMap((line) => (roll(5) === 0 ? [] : roll(6) === 0 ? [line, `new ${roll(3)}`] : [line]))
    const [before, after] = [
      `${lines.join('\n')}${roll(3) ? '\n' : ''}`,
      `${other.join('\n') || 'x'}${roll(3) ? '\n' : ''}`,
    ]
    if (before === after) continue
    expect(patched(before, after)).toBe(after)
    expect(patched(before, after, 0)).toBe(after)
  }
})

test('nothing changed is no diff, and a line at the end says whether it ends', () => {
  expect(unifiedDiff('f', 'a\n', 'a\n')).toBe('')
  expect(unifiedDiff('f', 'a\nb', 'a\nc\n')).toBe(
    '--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n',
  )
})
