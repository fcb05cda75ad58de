import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew commands-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

type Loaded = { names: string[] } | { name: string; message: string }

/** Loads sets of command folders as the bot does, under plain Node: vitest compiles what Node refuses. */
function loadEach(sets: string[][]): Promise<Loaded[]> {
  const url = JSON.stringify(new URL('../src/commands.ts', import.meta.url).href)
  const code = `
    const { loadCommands } = await import(${url})
    const said = JSON.parse(process.argv[1]).map((folders) => loadCommands(folders).then(
      (commands) => ({ names: commands.map(({ name }) => name) }),
      (error) => ({ name: error.constructor.name, message: error.message })))
    process.stdout.write(JSON.stringify(await Promise.all(said)))`
  const env = { PATH: process.env.PATH, HOME: scratch }
  const args = ['--input-type=module', '-e', code, JSON.stringify(sets)]
  return new Promise((resolve, reject) => {
    execFile('node', args, { cwd: root, env }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(JSON.parse(stdout) as Loaded[]),
    )
  })
}

async function load(...set: string[]): Promise<Loaded> {
  const [said] = await loadEach([set])
  if (!said) throw new Error('It said nothing')
  return said
}

let folders = 0

/** A folder of command files, with what `#crew` is for them. */
function folderOf(files: Record<string, string>): string {
  const top = join(scratch, `site ${folders++}`)
  const crew = new URL('../src/index.ts', import.meta.url).href
  const all = {
    'package.json': JSON.stringify({ type: 'module', imports: { '#crew': './crew.ts' } }),
    'crew.ts': `export * from ${JSON.stringify(crew)}\n`,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`commands/${name}`, text])),
  }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(top, name)), { recursive: true })
    writeFileSync(join(top, name), text)
  }
  return join(top, 'commands')
}

const FINE = `import { command } from '#crew'

export default command({
  summary: 'Say hello.',
  examples: [''],
  allow: ['everyone'],
  answer: async () => ({ text: 'hello' }),
})
`

test('the path is the name; what is no command file is left alone', async () => {
  const folder = folderOf({ 'hello.ts': FINE, 'load/test/up.ts': FINE, 'notes.md': '#', 'types.d.ts': 'export {}' })
  expect(await load(folder)).toEqual({ names: ['hello', 'load test up'] })
})

test('several folders are loaded one after the other', async () => {
  expect(await load(folderOf({ 'b.ts': FINE }), folderOf({ 'a.ts': FINE }))).toEqual({ names: ['b', 'a'] })
})

test('the commands of this repository load', async () => {
  expect(await load(join(root, 'commands'))).toMatchObject({ names: expect.arrayContaining(['loadtest up', 'whoami']) })
})

test('a folder that is not there stops the start', async () => {
  expect(await load(join(scratch, 'nowhere'))).toMatchObject({
    message: expect.stringMatching(/nowhere cannot be read; set GROUNDCREW_COMMANDS/),
  })
})

describe('a broken file stops the start and names itself, the line and the reason', () => {
  const broken: [string, string, number | null, RegExp][] = [
    ['a syntax error', `${FINE}\nexport const = 1\n`, 10, /Expression expected|Unexpected token|expected/i],
    ['a bracket that is not closed', FINE.replace('})\n', '\n'), null, /expected|Unexpected/i],
    ['an import of a file that is not there', `import './missing.ts'\n${FINE}`, 1, /Cannot find module.*missing\.ts/],
    ['an import of a package that is not there', `import 'left-pad'\n${FINE}`, 1, /Cannot find package 'left-pad'/],
    [
      'an import of something that #crew does not have',
      `import { comand } from '#crew'\n${FINE}`,
      1,
      /does not provide an export named 'comand'/,
    ],
    ['an error that it throws', `${FINE}\nthrow new Error('not today')\n`, 10, /not today/],
    [
      'an error in a function that it calls',
      `${FINE}\nconst go = () => {\n  throw new Error('deep')\n}\ngo()\n`,
      11,
      /deep/,
    ],
    ['something thrown that is no error', `${FINE}\nthrow 'a word'\n`, null, /a word/],
    ['a name that it does not have', `${FINE}\nmissing()\n`, 10, /missing is not defined/],
    ['no default export', FINE.replace('export default', 'export const up ='), null, /default export is not a command/],
    ['a default export that is no command', 'export default { summary: 1 }\n', null, /default export is not a command/],
    ['a default export of nothing', 'export default null\n', null, /default export is not a command/],
    ['an empty file', '', null, /default export is not a command/],
    ['a command without `allow`', FINE.replace(/ {2}allow.*\n/, ''), 3, /not complete.*allow/s],
    ['a command that nobody may run', FINE.replace("['everyone']", '[]'), 3, /at least one role/],
    ['a command without stages and answer', FINE.replace(/ {2}answer.*\n/, ''), 3, /exactly one of/],
    ['a command with a misspelled key', FINE.replace('summary', 'sumary'), 3, /sumary/],
    ['an enum, which Node does not strip', `${FINE}\nenum Size {\n  small,\n}\n`, 10, /enum is not supported/],
    [
      'a parameter property',
      `${FINE}\nclass A {\n  constructor(private a: string) {}\n}\n`,
      11,
      /parameter property is not supported/,
    ],
    ['a namespace', `${FINE}\nnamespace A {\n  export const a = 1\n}\n`, 10, /namespace.* is not supported/],
  ]
  const places = broken.map(([, source]) => folderOf({ 'a-fine.ts': FINE, 'load/broken.ts': source }))
  let all: Promise<Loaded[]> | undefined

  test.each(broken.map((row, index) => [...row, index] as const))('%s', async (_what, _source, line, reason, index) => {
    all ??= loadEach(places.map((folder) => [folder]))
    const said = (await all)[index]
    if (!said || !('message' in said)) throw new Error(`It was loaded: ${said?.names}`)
    expect(said.name).toBe('ConfigError')
    expect(said.message).toContain(join(places[index] ?? '', 'load/broken.ts'))
    expect(said.message).toMatch(reason)
    expect(said.message).not.toContain('a-fine')
    if (line !== null) expect(said.message).toContain(`, line ${line},`)
  })
})
