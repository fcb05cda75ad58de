import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  argumentsOf,
  type Catalog,
  CommandError,
  CommandGroup,
  command,
  complete,
  createCatalog,
  duration,
  environmentOf,
  FieldErrors,
  helpFor,
  helpList,
  helpText,
  imageOf,
  MissingArguments,
  parseCommand,
  parseFields,
  parseLine,
  rest,
  sizeOf,
  UnknownCommand,
  UsageError,
  usage,
  user,
  z,
} from '../../src/core/command.ts'
import { siteSchema } from '../../src/core/site.ts'
import { plainText } from '../../src/core/text.ts'
import { ConfigError, UserError } from '../../src/errors.ts'

const site = siteSchema.parse({
  slack: { team: 'T01TEAM' },
  channels: { ops: 'C01OPS' },
  roles: { engineers: {} },
  environments: {
    loadtest: {
      stack: 'examples/stacks/loadtest',
      backend: { type: 'consul' },
      sizes: { small: { app_count: 2 }, medium: { app_count: 5 }, large: { app_count: 12 } },
      approvers: ['engineers'],
    },
  },
  images: { web: { template: 'web.pkr.hcl', approvers: ['engineers'] } },
})

const shared = { examples: [''], allow: ['everyone'], answer: async () => ({ text: '' }) } as const

const up = command({
  summary: 'Bring up the load-test environment.',
  args: z.object({
    size: sizeOf('loadtest').describe('How big'),
    for: duration().default('4h').describe('Taken down again after this long'),
  }),
  examples: ['large', 'small --for 2h'],
  environment: 'loadtest',
  allow: ['engineers'],
  lifetime: (args) => args.for,
  stages: ({ size }) => {
    expectTypeOf(size).toEqualTypeOf<string>()
    return [{ kind: 'terraform.plan', input: { size } }]
  },
})

const probe = command({
  ...shared,
  summary: 'Has an argument of every kind.',
  args: z.object({
    target: z.string().describe('What'),
    count: z.int().min(-5).max(10).describe('How many'),
    note: z.string().max(100).optional().describe('A remark'),
    mode: z.enum(['fast', 'Slow']).default('fast').describe('How'),
    ratio: z.number().default(0.5).describe('How much'),
    fresh: z.boolean().default(false).describe('Anew'),
    keepAll: z.boolean().default(true).describe('Keep'),
    image: imageOf().optional().describe('Which image'),
    where: environmentOf().default('loadtest').describe('Where'),
    within: duration().optional().describe('How long'),
    owner: user().optional().describe('Whose'),
  }),
})

const catalog = createCatalog(
  [
    { name: 'loadtest up', command: up },
    {
      name: 'loadtest resize',
      command: command({ ...shared, summary: 'Resize.', args: z.object({ size: sizeOf('loadtest') }) }),
    },
    { name: 'loadtest down', command: command({ ...shared, summary: 'Take down.' }) },
    { name: 'loadtest status', command: command({ ...shared, summary: 'How is it?' }) },
    { name: 'runs list', command: command({ ...shared, summary: 'List.' }) },
    { name: 'runs show', command: command({ ...shared, summary: 'Show.', args: z.object({ id: z.string() }) }) },
    {
      name: 'runs cancel',
      command: command({
        ...shared,
        summary: 'Cancel.',
        args: z.object({ id: z.string(), reason: rest().optional() }),
      }),
    },
    { name: 'whoami', command: command({ ...shared, summary: 'Who?' }) },
    {
      name: 'can',
      command: command({ ...shared, summary: 'May they?', args: z.object({ user: user(), line: rest() }) }),
    },
    { name: 'probe', command: probe },
    { name: 'probe deep', command: command({ ...shared, summary: 'Deeper.' }) },
  ],
  site,
)

const run = (text: string) => parseCommand(catalog, text)

function refusalOf<T extends Error>(kind: new (...args: never[]) => T, text: string): T {
  try {
    parseLine(catalog, text)
  } catch (error) {
    expect(error).toBeInstanceOf(kind)
    expect(error).toBeInstanceOf(CommandError)
    expect(error).toBeInstanceOf(UserError)
    return error as T
  }
  throw new Error(`${text} was accepted`)
}

describe('a right line', () => {
  test.each<[string, string, object, string]>([
    ['fills in defaults', 'loadtest up small', { size: 'small', for: '4h' }, 'loadtest up small'],
    ['takes --k v', 'loadtest up small --for 2h', { size: 'small', for: '2h' }, 'loadtest up small --for 2h'],
    ['takes --k=v', 'loadtest up --for=2h small', { size: 'small', for: '2h' }, 'loadtest up small --for 2h'],
    [
      'leaves a default out of its canonical text',
      'loadtest up small --for 4h',
      { size: 'small', for: '4h' },
      'loadtest up small',
    ],
    [
      'may begin with a capital, as phones write it',
      'Loadtest UP small',
      { size: 'small', for: '4h' },
      'loadtest up small',
    ],
    ['may be spaced at will', '  loadtest   up  small ', { size: 'small', for: '4h' }, 'loadtest up small'],
    ['may quote a value', 'loadtest up "small"', { size: 'small', for: '4h' }, 'loadtest up small'],
    [
      'may end its flags with --',
      'loadtest up --for 2h -- small',
      { size: 'small', for: '2h' },
      'loadtest up small --for 2h',
    ],
    ['may have no arguments', 'whoami', {}, 'whoami'],
    ['is the command with the longest name', 'probe deep', {}, 'probe deep'],
    [
      'has its rest as typed',
      `can U01ANN loadtest  up "a b" --for 2h`,
      { user: 'U01ANN', line: 'loadtest  up "a b" --for 2h' },
      `can U01ANN loadtest  up "a b" --for 2h`,
    ],
    [
      'has its rest without quotes around all of it',
      `can U01ANN "loadtest up"`,
      { user: 'U01ANN', line: 'loadtest up' },
      'can U01ANN loadtest up',
    ],
    [
      'has a rest that may ask for help itself',
      'can U01ANN loadtest up --help',
      { user: 'U01ANN', line: 'loadtest up --help' },
      'can U01ANN loadtest up --help',
    ],
    [
      'has a rest with a quote that is never closed',
      `runs cancel r1 it's 5" off`,
      { id: 'r1', reason: `it's 5" off` },
      `runs cancel r1 "it's 5\\" off"`,
    ],
    ['may leave an optional rest out', 'runs cancel r1', { id: 'r1' }, 'runs cancel r1'],
    ['may name a shell user', 'can shell:ann whoami', { user: 'shell:ann', line: 'whoami' }, 'can shell:ann whoami'],
  ])('%s', (_, text, args, line) => {
    expect(run(text)).toMatchObject({ kind: 'command', line })
    expect(run(text).args).toEqual(args)
    expect(run(line).args).toEqual(args)
  })

  test('reads every kind of argument', () => {
    const text = `probe "two words" -5 --note=https://x/y?a=b --mode Slow --ratio 0.25 --fresh --keep-all=false --image web --within 1h30m --owner U01ANN`
    const args = {
      target: 'two words',
      count: -5,
      note: 'https://x/y?a=b',
      mode: 'Slow',
      ratio: 0.25,
      fresh: true,
      keepAll: false,
      image: 'web',
      where: 'loadtest',
      within: '1h30m',
      owner: 'U01ANN',
    }
    expect(run(text).args).toEqual(args)
    expect(run(run(text).line)).toEqual(run(text))
    expect(JSON.parse(JSON.stringify(run(text).args))).toEqual(args)
  })

  test('takes a quoted value that begins with a dash, and a flag that looks like one, as the value it is', () => {
    expect(run(`probe "--fresh" 1 --note "-x"`).args).toMatchObject({ target: '--fresh', fresh: false, note: '-x' })
    expect(run(`probe --note="-x" -- -t 1`).args).toMatchObject({ target: '-t', note: '-x' })
    expect(run(`probe a 1 --note ""`).args).toMatchObject({ note: '' })
    expect(run(`probe a 1 --note=a=`).args).toMatchObject({ note: 'a=' })
    expect(run(`probe a 1 --fresh=false`).line).toBe('probe a 1')
  })

  test('is read as Slack really sends it', () => {
    expect(run(plainText('loadtest\u00a0up small —for 2h')).line).toBe('loadtest up small --for 2h')
    expect(run(plainText('probe “two words” 1 —note <http://x|x>')).args).toMatchObject({
      target: 'two words',
      note: 'http://x',
    })
    expect(run(plainText('can <@U01ANN|ann> loadtest up small —for 2h')).args).toEqual({
      user: 'U01ANN',
      line: 'loadtest up small --for 2h',
    })
  })

  test('gives the same arguments again from its canonical text, whatever they are', () => {
    const random = mulberry(20261120)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
    const pieces = [
      'a',
      'B',
      ' ',
      '"',
      "'",
      '\\',
      '-',
      '--',
      '=',
      '—',
      '&',
      '<',
      '>',
      'ö',
      '$x',
      '`',
      '__proto__',
      '--help',
      '\t',
    ]
    const text = () => Array.from({ length: Math.floor(random() * 6) }, () => pick(pieces)).join('')
    for (let round = 0; round < 1500; round++) {
      const fields = {
        target: pick([text(), 'x']),
        count: String(Math.floor(random() * 16) - 5),
        note: pick([undefined, text()]),
        mode: pick(['fast', 'Slow', undefined]),
        ratio: pick(['-0.25', '3', '0.5', undefined]),
        fresh: pick([true, false, undefined]),
        keepAll: pick([true, false]),
        within: pick(['90s', '1d', undefined]),
      }
      if (fields.target.trim() === '') continue
      const parsed = parseFields(catalog, 'probe', fields)
      expect(run(parsed.line)).toEqual(parsed)
      const sent = parsed.line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
      expect(run(plainText(sent))).toEqual(parsed)
      const line = text().trim()
      if (line === '') continue
      const asked = parseFields(catalog, 'can', { user: 'U01ANN', line })
      expect(run(asked.line)).toEqual(asked)
    }
  })
})

describe('help', () => {
  test.each([
    ['', ''],
    ['   ', ''],
    ['help', ''],
    ['Help', ''],
    ['--help', ''],
    ['-h', ''],
    ['help help', ''],
    ['help loadtest up', 'loadtest up'],
    ['help Loadtest Up', 'loadtest up'],
    ['help loadtest up --help', 'loadtest up'],
    ['help loadtest', 'loadtest'],
    ['loadtest help', 'loadtest'],
    ['loadtest --help', 'loadtest'],
    ['loadtest help up', 'loadtest up'],
    ['loadtest up --help', 'loadtest up'],
    ['loadtest up -h', 'loadtest up'],
    ['loadtest up huge --fast --help', 'loadtest up'],
    ['loadtest up --help "open', 'loadtest up'],
    ['can --help', 'can'],
    ['can U01ANN --help', 'can'],
  ])('is what %j asks for, on %j', (text, topic) => {
    expect(parseLine(catalog, text)).toEqual({ kind: 'help', topic })
  })

  test('is not asked for inside quotes or behind --', () => {
    expect(run('probe "--help" 1').args).toMatchObject({ target: '--help' })
    expect(run('probe -- --help 1').args).toMatchObject({ target: '--help' })
    expect(() => run('help')).toThrow(/asks for help/)
  })

  test('on what does not exist says what does', () => {
    expect(refusalOf(UnknownCommand, 'help loadtest upp').suggestions).toEqual(['help loadtest up'])
    expect(refusalOf(UnknownCommand, 'help loadtest up small').message).toContain('Did you mean `help loadtest up`?')
    expect(refusalOf(UnknownCommand, 'help xyzzy').message).toContain('Write `help`')
  })

  test('says usage, arguments, choices, defaults and examples', () => {
    expect(helpFor('loadtest up', up, site)).toEqual({
      name: 'loadtest up',
      usage: 'loadtest up <size> [--for 4h]',
      summary: 'Bring up the load-test environment.',
      args: [
        {
          label: '<size>',
          required: true,
          description: 'How big',
          expected: 'one of `small`, `medium`, `large`',
          choices: ['small', 'medium', 'large'],
        },
        {
          label: '--for <duration>',
          required: false,
          description: 'Taken down again after this long',
          expected: 'a duration such as `45m`, `4h` or `1h30m`',
          default: '4h',
        },
      ],
      examples: ['loadtest up large', 'loadtest up small --for 2h'],
    })
    expect(helpText(helpFor('loadtest up', up, site))).toBe(
      [
        '`loadtest up <size> [--for 4h]`',
        'Bring up the load-test environment.',
        '• `<size>`: How big; one of `small`, `medium`, `large`.',
        '• `--for <duration>`: Taken down again after this long; a duration such as `45m`, `4h` or `1h30m`; default `4h`.',
        'Examples: `loadtest up large`, `loadtest up small --for 2h`',
      ].join('\n'),
    )
    expect(helpList([...catalog.entries.values()])).toContain('• `whoami`: Who?')
  })

  test('writes the usage of every kind of argument', () => {
    expect(usage('probe', probe, site)).toBe(
      'probe <target> <count> [--note <text>] [--mode fast] [--ratio 0.5] [--fresh] [--keep-all=false] [--image <web>] [--where loadtest] [--within <duration>] [--owner <user>]',
    )
    const entry = (name: string) => usage(name, catalog.entries.get(name)?.command ?? up, site)
    expect(entry('can')).toBe('can <user> <line...>')
    expect(entry('runs cancel')).toBe('runs cancel <id> [<reason...>]')
    expect(entry('whoami')).toBe('whoami')
  })
})

describe('an unknown command', () => {
  test.each([
    ['loadtest upp small', 'loadtest up'],
    ['lodtest up small', 'loadtest up'],
    ['loadtestup small', 'loadtest up'],
    ['loadtest-up small', 'loadtest up'],
    ['load test up small', 'loadtest up'],
    ['up loadtest small', 'loadtest up'],
    ['up small', 'loadtest up'],
    ['loadtest statsu', 'loadtest status'],
    ['loadtest stat', 'loadtest status'],
    ['run list', 'runs list'],
    ['whomai', 'whoami'],
    ['hlep', 'help'],
    ['lodtest', 'loadtest'],
  ])('%j is met with "Did you mean %s?"', (text, meant) => {
    const error = refusalOf(UnknownCommand, text)
    expect(error.suggestions).toEqual([meant])
    expect(error.message).toContain(`Did you mean \`${meant}\`?`)
  })

  test.each([
    'xyzzy',
    'deploy production now',
    'hello',
    'loadtest frobnicate',
    '"',
    '🙂',
    '__proto__',
    'constructor',
    'toString x',
  ])('%j is met with where to look, as nothing is near', (text) => {
    const error = refusalOf(UnknownCommand, text)
    expect(error.suggestions).toEqual([])
    expect(error.message).toMatch(/is no command\..* Write `help`/)
  })

  test('behind the beginning of several is told which there are', () => {
    expect(refusalOf(UnknownCommand, 'loadtest frobnicate x')).toMatchObject({ received: 'loadtest frobnicate' })
    expect(refusalOf(UnknownCommand, 'loadtest frobnicate').message).toContain('`loadtest down`, `loadtest resize`')
  })

  test('that is only the beginning of several lists them', () => {
    const error = refusalOf(CommandGroup, 'Loadtest')
    expect(error).toMatchObject({
      group: 'loadtest',
      commands: ['loadtest down', 'loadtest resize', 'loadtest status', 'loadtest up'],
    })
    expect(error.message).toContain('• `loadtest up <size> [--for 4h]`: Bring up the load-test environment.')
  })
})

describe('a wrong line is refused with what was expected, what came and the usage', () => {
  test.each<[string, string, string, string[]]>([
    ['loadtest up small --fro 2h', 'unknown flag', 'has no flag `--fro`. Did you mean `--for`?', ['--for']],
    ['loadtest up small --For 2h', 'unknown flag', 'Did you mean `--for`?', ['--for']],
    ['loadtest up small -for 2h', 'unknown flag', 'Did you mean `--for`?', ['--for']],
    ['loadtest up small -x', 'unknown flag', 'has no flag `-x`. Its only flag is `--for`.', []],
    ['loadtest up small -', 'unknown flag', 'has no flag `-`', []],
    ['loadtest up small --siez=m', 'unknown flag', 'has no flag `--siez`', []],
    ['loadtest up --size small', 'unknown flag', '`<size>` is written alone, without a flag', []],
    ['loadtest up small --__proto__=x', 'unknown flag', 'has no flag `--__proto__`', []],
    ['loadtest up small --constructor x', 'unknown flag', 'has no flag `--constructor`', []],
    ['loadtest up small --=x', 'unknown flag', 'has no flag `--`', []],
    ['loadtest down --now', 'unknown flag', 'It has no flags.', []],
    ['probe a 1 --no-fresh', 'unknown flag', 'Did you mean `--fresh=false`?', ['--fresh=false']],
    ['loadtest up small --for', 'flag without value', '`--for` needs a value: a duration', []],
    ['loadtest up small --for=', 'flag without value', '`--for` needs a value', []],
    ['probe a 1 --note --fresh', 'flag without value', 'What came is `--fresh`, which looks like a flag', []],
    ['loadtest up small --for 2h --for 3h', 'repeated flag', '`--for` is there twice', []],
    ['probe a 1 --fresh --fresh', 'repeated flag', '`--fresh` is there twice', []],
    ['loadtest up small big', 'extra word', '`big` is one word too many: `loadtest up` takes 1 plain word', []],
    ['loadtest up small 2h', 'extra word', 'Did you mean `--for 2h`?', ['--for 2h']],
    ['loadtest up small for 2h', 'extra word', 'Did you mean `--for`?', ['--for']],
    ['loadtest up small for=2h', 'extra word', 'Did you mean `--for`?', ['--for']],
    ['whoami really', 'extra word', '`whoami` takes no plain words', []],
    ['probe a 1 --fresh false', 'extra word', '`false` is one word too many', []],
    [
      'loadtest up smal',
      'wrong value',
      '`smal` is no value for `<size>`: expected one of `small`, `medium`, `large`. Did you mean `small`?',
      ['small'],
    ],
    ['loadtest up Small', 'wrong value', 'Did you mean `small`?', ['small']],
    ['loadtest up meduim', 'wrong value', 'Did you mean `medium`?', ['medium']],
    ['loadtest up tiny', 'wrong value', 'expected one of `small`, `medium`, `large`.', []],
    ['loadtest up "-small"', 'wrong value', 'Did you mean `small`?', ['small']],
    [`probe a 1 --note "${'long '.repeat(30)}"`, 'wrong value', 'expected at most 100 characters.', []],
    ['loadtest up ""', 'wrong value', '`""` is no value for `<size>`', []],
    ['loadtest up __proto__', 'wrong value', '`__proto__` is no value', []],
    ['loadtest up constructor', 'wrong value', '`constructor` is no value', []],
    [
      'loadtest up small --for soon',
      'wrong value',
      '`soon` is no value for `--for`: expected a duration such as `45m`',
      [],
    ],
    ['loadtest up small --for 4hours', 'wrong value', 'Did you mean `4h`?', ['4h']],
    ['loadtest up small --for 4H', 'wrong value', 'Did you mean `4h`?', ['4h']],
    ['loadtest up small --for 2months', 'wrong value', 'expected a duration', []],
    ['loadtest up small --for 0h', 'wrong value', 'expected a duration', []],
    ['loadtest up small --for 4', 'wrong value', 'expected a duration', []],
    ['probe a 11', 'wrong value', '`11` is no value for `<count>`: expected a whole number from -5 to 10.', []],
    ['probe a 1.5', 'wrong value', 'expected a whole number', []],
    ['probe a 1e3', 'wrong value', 'expected a whole number', []],
    ['probe a 0x1', 'wrong value', 'expected a whole number', []],
    ['probe a ""', 'wrong value', 'expected a whole number', []],
    ['probe a 1 --ratio much', 'wrong value', '`much` is no value for `--ratio`: expected a number.', []],
    ['probe a 1 --mode slow', 'wrong value', 'Did you mean `Slow`?', ['Slow']],
    ['probe a 1 --fresh=yes', 'wrong value', 'one of `true`, `false`', []],
    ['probe a 1 --image wbe', 'wrong value', 'Did you mean `web`?', ['web']],
    ['probe a 1 --where loadtset', 'wrong value', 'Did you mean `loadtest`?', ['loadtest']],
    ['can @ann whoami', 'wrong value', 'pick the person from the list', []],
    ['can u01ann whoami', 'wrong value', 'Did you mean `U01ANN`?', ['U01ANN']],
    ['can shell:Ann whoami', 'wrong value', 'expected a person', []],
  ])('%s', (text, problem, message, suggestions) => {
    const error = refusalOf(UsageError, text)
    expect(error).toMatchObject({ problem, suggestions })
    expect(error.message).toContain(message)
    expect(error.message).toContain(`Usage: \`${error.usage}\``)
    expect(error.usage.startsWith(error.command)).toBe(true)
  })

  test('with an example where the command has one', () => {
    expect(refusalOf(UsageError, 'loadtest up huge').message).toMatch(/Example: `loadtest up large`$/)
  })

  test('and a value that begins with a dash has to stand in quotes', () => {
    expect(refusalOf(UsageError, 'probe -t 1').message).toContain('begins with a dash stands in quotes')
  })

  test('and an open quote, a control character and a line too long are refused as well', () => {
    expect(() => run('probe "a b')).toThrow(/never closed/)
    expect(() => run('loadtest up sm\u0000all')).toThrow(/control character U\+0000/)
    expect(() => run(`probe ${'x'.repeat(2000)} 1`)).toThrow(/at most 2000/)
  })

  test('and what came is shortened and cannot break out of its quotes', () => {
    const { message } = refusalOf(UsageError, `loadtest up ${'`x'.repeat(200)}`)
    expect(message.split('\n')[0]?.length).toBeLessThan(300)
    expect(message.startsWith("`'x'x")).toBe(true)
  })
})

describe('a missing argument', () => {
  test('is told with what was given already, so that it can be asked for', () => {
    const error = refusalOf(MissingArguments, 'loadtest up --for 2h')
    expect(error).toMatchObject({ command: 'loadtest up', given: { for: '2h' }, missing: ['size'] })
    expect(error.message).toBe(
      '`loadtest up` needs `<size>` (How big; one of `small`, `medium`, `large`).\nUsage: `loadtest up <size> [--for 4h]`\nExample: `loadtest up large`',
    )
  })

  test('is asked for only when the rest is right', () => {
    expect(refusalOf(UsageError, 'loadtest up --for soon')).toMatchObject({ problem: 'wrong value' })
    expect(refusalOf(UsageError, 'loadtest up --fast')).toMatchObject({ problem: 'unknown flag' })
    expect(refusalOf(MissingArguments, 'probe a')).toMatchObject({ given: { target: 'a' }, missing: ['count'] })
    expect(refusalOf(MissingArguments, 'can')).toMatchObject({ missing: ['user', 'line'] })
  })
})

describe('a form', () => {
  test('gives what the same line would give', () => {
    expect(parseFields(catalog, 'loadtest up', { size: 'small', for: '2h' })).toEqual(run('loadtest up small --for 2h'))
    expect(parseFields(catalog, 'probe', { target: ' a ', count: '3', fresh: true }).line).toBe('probe a 3 --fresh')
  })

  test('has defaults for fields that are null, empty or absent', () => {
    for (const empty of [null, '', '  ', undefined]) {
      expect(parseFields(catalog, 'loadtest up', { size: 'small', for: empty }).args).toEqual({
        size: 'small',
        for: '4h',
      })
    }
  })

  test('is told what is wrong with each field, in plain text', () => {
    const errors = (name: string, fields: Record<string, string | boolean | null>) => {
      try {
        parseFields(catalog, name, fields)
      } catch (error) {
        return error instanceof FieldErrors ? error.errors : error
      }
      return null
    }
    expect(errors('loadtest up', { size: null, for: 'soon' })).toEqual({
      size: 'Needed: one of small, medium, large.',
      for: 'soon is no value for --for: expected a duration such as 45m, 4h or 1h30m.',
    })
    expect(errors('loadtest up', { size: 'small', colour: 'red' })).toEqual({
      colour: 'loadtest up has no such argument. It has: <size>, --for.',
    })
    expect(errors('runs show', { id: 'a\u0000' })).toMatchObject({ id: expect.stringContaining('control character') })
    expect(errors('loadtest up', JSON.parse('{"__proto__": "x", "size": "small"}'))).not.toBeNull()
    expect(() => parseFields(catalog, 'loadtest upp', {})).toThrow(UnknownCommand)
  })
})

describe('completion', () => {
  test.each<[string, string[]]>([
    ['', ['can', 'help', 'loadtest', 'probe', 'runs', 'whoami']],
    ['lo', ['loadtest']],
    ['loadtest ', ['down', 'resize', 'status', 'up']],
    ['loadtest u', ['up']],
    ['loadtest up ', ['--for', '--help', 'large', 'medium', 'small']],
    ['loadtest up s', ['small']],
    ['loadtest up small --', ['--for']],
    ['loadtest up small --for ', ['4h']],
    ['loadtest up small --for 2h --', []],
    ['probe a 1 --mode=', ['--mode=Slow', '--mode=fast']],
    ['probe a 1 --mode ', ['Slow', 'fast']],
    ['help loadtest ', ['down', 'resize', 'status', 'up']],
    ['xyzzy ', []],
    ['probe "open ', expect.any(Array) as unknown as string[]],
  ])('of %j', (partial, expected) => {
    expect(complete(catalog, partial)).toEqual(expected)
  })
})

describe('the record of a command', () => {
  test('describes each argument', () => {
    const [target, count, note] = argumentsOf(probe, site)
    expect(target).toEqual({ name: 'target', required: true, kind: 'text', description: 'What', expected: 'text' })
    expect(count).toMatchObject({ kind: 'number', expected: 'a whole number from -5 to 10' })
    expect(note).toMatchObject({ flag: '--note', required: false })
    expect(argumentsOf(probe, site).find(({ name }) => name === 'keepAll')).toMatchObject({
      flag: '--keep-all',
      kind: 'boolean',
      default: true,
      choices: ['true', 'false'],
    })
  })

  test('keeps its mark and its description through every layer', () => {
    const args = z.object({ a: sizeOf('loadtest').describe('inner').optional(), b: duration().max(5).default('1h') })
    const list = argumentsOf(command({ ...shared, summary: 'x', args }), site)
    expect(list[0]).toMatchObject({ kind: 'choice', description: 'inner', choices: ['small', 'medium', 'large'] })
    expect(list[1]).toMatchObject({ kind: 'duration', default: '1h' })
  })

  test('says the bounds of a number as they are', () => {
    const args = z.object({ a: z.number().positive(), b: z.int().min(1), c: z.int(), d: z.number().lt(5) })
    expect(argumentsOf(command({ ...shared, summary: 'x', args }), site).map(({ expected }) => expected)).toEqual([
      'a number, more than 0',
      'a whole number, at least 1',
      'a whole number',
      'a number, less than 5',
    ])
  })

  test('holds a schema to its own rules and words', () => {
    const args = z
      .object({
        id: z.string().regex(/^r\d+$/, { error: 'expected an id such as r7' }),
        from: z.int().default(1),
        to: z.int().default(2),
      })
      .refine(({ from, to }) => from < to, { error: 'from has to be smaller than to' })
    const own = createCatalog([{ name: 'x', command: command({ ...shared, summary: 'x', args }) }], site)
    expect(() => parseLine(own, 'x 7')).toThrow('`7` is no value for `<id>`: expected an id such as r7.')
    expect(() => parseLine(own, 'x r7 --from 3')).toThrow(/do not go together: from has to be smaller than to/)
  })
})

describe('a command that contradicts itself stops the start', () => {
  const declared = (args: z.ZodObject): Catalog =>
    createCatalog([{ name: 'x', command: command({ ...shared, summary: 'x', args }) }], site)

  test.each<[string, z.ZodObject, RegExp]>([
    ['a positional behind the rest', z.object({ a: rest(), b: z.string() }), /no positional can follow/],
    ['an argument called help', z.object({ help: z.boolean().default(false) }), /cannot be arguments/],
    ['two arguments with one flag', z.object({ aB: z.string().optional(), a_b: z.string().optional() }), /same flag/],
    ['a type that nobody can type', z.object({ list: z.array(z.string()) }), /`list` is of a type \(array\)/],
  ])('%s', (_, args, message) => {
    expect(() => declared(args)).toThrow(ConfigError)
    expect(() => declared(args)).toThrow(message)
  })

  test('a bad name, and one that is there twice', () => {
    const one = { name: 'Load Test', command: up }
    expect(() => createCatalog([one], site)).toThrow(/lower-case/)
    expect(() =>
      createCatalog(
        [
          { ...one, name: 'a' },
          { ...one, name: 'a' },
        ],
        site,
      ),
    ).toThrow(/two commands/)
  })

  test('a declaration that Node loaded without anybody compiling it', () => {
    const loaded = (definition: object) => command(definition as never)
    expect(() => loaded({ ...shared, summary: 'x', allow: [] })).toThrow(/say 'everyone' if you mean it/)
    expect(() => loaded({ summary: 'x', examples: [], allow: ['a'] })).toThrow(/exactly one of `stages`/)
    expect(() => loaded({ ...shared, summary: 'x', stages: () => [] })).toThrow(/exactly one of `stages`/)
    expect(() => loaded({ ...shared, summary: 'x', alow: [] })).toThrow(ConfigError)
    expect(() => loaded({ ...shared })).toThrow(/summary/)
  })
})

describe('a site that a command does not fit', () => {
  const other = siteSchema.parse({ ...site, environments: {}, images: {} })

  test('is told when the command is asked for, not at the start', () => {
    const there = createCatalog([{ name: 'loadtest up', command: up }], other)
    expect(() => parseLine(there, 'loadtest up small')).toThrow(
      /one of the sizes of loadtest, of which the site file has none/,
    )
  })

  test('is told that a default is none of its values', () => {
    const args = z.object({ size: sizeOf('loadtest').default('huge') })
    const there = createCatalog([{ name: 'x', command: command({ ...shared, summary: 'x', args }) }], site)
    expect(() => parseLine(there, 'x')).toThrow(/The default of `--size` does not fit this site/)
  })
})

/** Random numbers that are the same in every run. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
