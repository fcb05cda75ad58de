import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startWorld } from './world.ts'

/** Processes whose command line or environment names this folder. */
function living(dir: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.flatMap((pid) => {
    try {
      const [line, variables] = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
      return `${line} ${variables}`.includes(dir) ? [(line ?? '').replaceAll('\0', ' ')] : []
    } catch {
      return [] // it ended meanwhile, or belongs to somebody else
    }
  })
}

test.each([
  [
    'a bot and a worker that refuse their settings',
    { variables: () => ({ GROUNDCREW_ARTIFACT_KEY: 'short' }) },
    /ARTIFACT_KEY/,
  ],
  ['a local-slack that refuses its preload', { slack: () => ({ preloads: ['/nowhere.cjs'], env: {} }) }, /nowhere/],
])(
  '%s: it is said at once, and nothing of that world runs on',
  async (_what, wish, said) => {
    let dir = ''
    const world = startWorld((own) => {
      dir = own
      return { environments: {}, ...wish }
    })
    await expect(world).rejects.toThrow(said)
    expect(living(dir)).toEqual([])
    expect(existsSync(dir)).toBe(false)
  },
  30_000,
)
