import { posix } from 'node:path'

/** One file of the house: its path from the top of the repository, and its text. */
export type SourceFile = { path: string; source: string }

type Room = { files: RegExp; rooms: string[] | 'all'; packages: (name: string) => boolean; why: string }

const any = () => true
const none = () => false
const nothingFromBolt = (name: string) => name !== '@slack/bolt'
const pure = ['zod', 'fastest-levenshtein', 'croner', 'node:util', 'node:path']

/** The table of the design: who may import what, and why. The first row whose `files` fit a path is its room. */
const rooms: Record<string, Room> = {
  commands: {
    files: /^(commands|examples\/[^/]+\/commands)\//,
    rooms: ['index'],
    packages: none,
    why: "A command file is a declaration: all it may use comes from '#crew', so that anybody can add one safely.",
  },
  config: room(
    /^src\/config(\.ts$|\/)/,
    ['core', 'errors'],
    'It reads and checks the settings and knows nothing else.',
  ),
  log: room(/^src\/log\.ts$/, [], 'Every room logs, so the log may depend on none.'),
  errors: { ...room(/^src\/errors\.ts$/, [], 'Every room throws, so errors depend on nothing.'), packages: none },
  index: room(/^src\/index\.ts$/, ['core', 'stages', 'errors'], "It is '#crew', all that a command file may use."),
  entry: room(/^src\/(bot|worker|monitor|cli|main|commands)\.ts$/, 'all', 'The entries wire the rooms together.'),
  bot: room(/^src\/bot\//, 'all', 'They are the pieces that the entry src/bot.ts wires together.'),
  cli: room(/^src\/cli\//, 'all', 'The verbs of the command line are parts of the entry src/cli.ts.'),
  core: {
    files: /^src\/core\//,
    rooms: ['errors'],
    packages: (name) => pure.includes(name),
    why: `The core is pure, so that a dry run is free and a test needs nothing; from outside it takes ${pure.join(', ')} only. I/O, clock and randomness come in as arguments.`,
  },
  tools: room(/^src\/tools\//, ['errors', 'log'], 'A tool knows one outside program and nothing of us.'),
  stages: room(
    /^src\/stages\//,
    ['core', 'tools', 'errors'],
    'A stage is its input and how it runs, on top of the tools.',
  ),
  monitors: room(/^src\/monitors\//, ['core', 'tools', 'log', 'errors'], 'A monitor reads, judges and reports.'),
  engine: room(
    /^src\/engine\//,
    ['core', 'stages', 'tools', 'config', 'log', 'errors'],
    'The engine makes executions last, and never talks to people: what they see is made in slack from what it stored.',
  ),
  http: room(
    /^src\/http\//,
    ['core', 'engine', 'config', 'log', 'errors'],
    'It takes what is asked over HTTP to the engine, and shows what the engine stored.',
  ),
  slack: {
    files: /^src\/slack\//,
    rooms: ['core', 'engine', 'config', 'log', 'errors'],
    packages: any,
    why: 'Slack is the edge: it runs no stage and no tool, it asks the engine.',
  },
}

function room(files: RegExp, mayImport: string[] | 'all', why: string): Room {
  return { files, rooms: mayImport, packages: nothingFromBolt, why }
}

const roomOf = (path: string) => Object.entries(rooms).find(([, { files }]) => files.test(path))?.[0]

/** Every breach of the import table, each as a sentence that teaches: the file, what it imported, what it may and why. */
export function breaches(files: SourceFile[]): string[] {
  return files.flatMap(({ path, source }) => {
    const name = roomOf(path)
    const here = name ? rooms[name] : undefined
    if (!name || !here)
      return [`${path} is in no room of the house. Move it into one, or give it a row in test/house.ts.`]
    const code = withoutComments(source)
    const imports = importsOf(code).flatMap((specifier) => importBreach(path, specifier, here) ?? [])
    const reach = [environmentBreach(path, code), name === 'core' ? impurity(path, code, here) : undefined]
    return [...imports, ...reach.filter((breach) => breach !== undefined)]
  })
}

/** What a module imports, types and re-exports too, in order. */
export function importsOf(code: string): string[] {
  const from = /(?:^|[;\n}])\s*(?:import|export)\b[^'"`;()=]*?\bfrom\s*(['"])([^'"\n]+)\1/g
  const bare = /(?:^|[;\n}])\s*import\s*(['"])([^'"\n]+)\1/g
  const called = /\b(?:import|require)\s*\(\s*(['"`])([^'"`\n]+)\1/g
  return [from, bare, called]
    .flatMap((pattern) => [...code.matchAll(pattern)])
    .toSorted((one, other) => one.index - other.index)
    .map((match) => match[2] ?? '')
}

function importBreach(path: string, specifier: string, here: Room): string | undefined {
  const may =
    here.rooms === 'all' ? 'everything but @slack/bolt' : here.rooms.map(called).join(', ') || 'no other file of ours'
  const breach = (what: string) => `${path} imports '${specifier}': ${what} It may import ${may}. ${here.why}`
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    const there = roomOf(target)
    if (!there) return breach(`${target} is not part of the house.`)
    if (!specifier.endsWith('.ts')) return breach('Node loads only what is written in full, with its .ts.')
    if (there === 'commands' || here === rooms.commands)
      return breach('Command files import only #crew and nobody imports them.')
    return there === roomOf(path) || mayEnter(here, there) ? undefined : breach(`that is ${called(there)}.`)
  }
  if (specifier.startsWith('#')) return mayEnter(here, 'index') ? undefined : breach('#crew is for command files.')
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '')
  if (here.packages(specifier.startsWith('node:') ? specifier : name)) return undefined
  return breach(name === '@slack/bolt' ? 'only src/slack knows Bolt.' : 'that package is not for this room.')
}

const mayEnter = (here: Room, there: string) => here.rooms === 'all' || here.rooms.includes(there)
const called = (name: string) => (name === 'index' ? "'#crew' (src/index.ts)" : name)

function environmentBreach(path: string, code: string): string | undefined {
  const reads =
    /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[\s*['"]env|\{[^}]*\benv\b[^}]*\}\s*(?:=\s*process\b|from\s*['"](?:node:)?process)/
  if (!reads.test(code) || /^src\/(config|cli)\.ts$/.test(path)) return undefined
  return `${path} reads process.env. Only src/config.ts and src/cli.ts do: a setting is read and checked once, at the start, and handed on as a value.`
}

function impurity(path: string, code: string, here: Room): string | undefined {
  const found =
    /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\brandomUUID\b|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\(|\bconsole\.[a-z]|\bprocess\.[a-z]|\bglobalThis\./.exec(
      code,
    )?.[0]
  return found && `${path} uses ${found}. ${here.why}`
}

/** Comments go and strings stay; a `//` or `/*` inside a string is not a comment. */
function withoutComments(source: string): string {
  const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g
  return source.replace(tokens, (token) => (token.startsWith('/') ? ' ' : token))
}
