import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-entries-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** These do something when they are loaded; they are started instead. */
const entries = ['src/bot.ts', 'src/worker.ts', 'src/monitor.ts', 'src/cli.ts'].filter((file) =>
  existsSync(join(root, file)),
)
/** Started by a stage, with a file that says what to do: test/tools/load/generate.test.ts, test/stages/http.test.ts and jenkins.test.ts do so. */
const programs = ['src/tools/load/generate.ts', 'src/tools/http/call.ts', 'src/tools/jenkins/call.ts']
const modules = globSync(['src/**/*.ts', 'commands/**/*.ts', 'examples/demo/parts.ts', 'examples/demo/slack-*.ts'], {
  cwd: root,
})
  .filter((file) => ![...entries, ...programs].includes(file))
  .toSorted()

test('every module loads under plain Node, which strips types and compiles nothing', async () => {
  expect(modules).not.toEqual([])
  expect(await refusals(modules.map((file) => join(root, file)))).toEqual([])
})

test.for(entries)('%s says under plain Node how it is used', async (entry) => {
  const { code, stdout, stderr } = await node([entry, '--help'])
  expect(stderr).not.toMatch(/SyntaxError|ERR_[A-Z_]+/)
  expect(code, stderr).toBe(0)
  expect(`${stdout}${stderr}`).toMatch(/usage/i)
})

test.each([
  ['an enum', 'export enum Status { Queued }', /enum is not supported/],
  [
    'a parameter property',
    'export class A { constructor(private a: string) {} }',
    /parameter property is not supported/,
  ],
  ['a type imported as a value', "import { Types } from './types.ts'\nexport const a: Types = 1", /Types/],
  ['an import without its ending', "import { b } from './types'\nexport const a = b", /types/],
])('%s, which vitest accepts, is caught', async (_what, source, reason) => {
  const file = join(scratch, 'refused.ts')
  writeFileSync(join(scratch, 'types.ts'), 'export type Types = number\nexport const b = 1\n')
  writeFileSync(file, source)
  const [refusal] = await refusals([file])
  expect(refusal).toMatch(reason)
})

/** What Node says to each file it will not load. */
async function refusals(files: string[]): Promise<string[]> {
  const load = `
    const refusals = []
    for (const file of ${JSON.stringify(files)}) {
      await import(file).catch((error) => refusals.push(file + ': ' + error.message))
    }
    process.stdout.write(JSON.stringify(refusals), () => process.exit(0))`
  const { code, stdout, stderr } = await node(['--input-type=module', '-e', load])
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as string[]
}

type Ended = { code: number | string; stdout: string; stderr: string }

/** The Node of the project, with none of this run's settings. */
function node(args: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, HOME: scratch }
  return new Promise((resolve) => {
    execFile('node', args, { cwd: root, env, timeout: 30_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal ?? 1) : 0, stdout, stderr }),
    )
  })
}
