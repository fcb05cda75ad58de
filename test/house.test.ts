import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, expect, test } from 'vitest'
import { breaches, importsOf } from './house.ts'

const root = join(import.meta.dirname, '..')
const files = globSync(['src/**/*.ts', 'commands/**/*.ts', 'examples/*/commands/**/*.ts'], { cwd: root })
  .map((file) => file.split(sep).join('/'))
  .toSorted()

test('every file imports only what its room may', () => {
  expect(files).not.toEqual([])
  expect(breaches(files.map((path) => ({ path, source: readFileSync(join(root, path), 'utf8') })))).toEqual([])
})

describe('the table says no', () => {
  const said = (path: string, source: string) => breaches([{ path, source }]).join('\n')

  test.each([
    ['commands/a.ts', "import { z } from 'zod'", /'zod'.*may import '#crew'/],
    ['commands/a.ts', "import { plan } from '../src/core/plan.ts'", /may import '#crew'/],
    ['commands/a/b.ts', "import type { X } from '../c.ts'", /Command files import only #crew/],
    ['commands/a.ts', "import fs from 'node:fs'", /node:fs/],
    ['examples/site/commands/a.ts', "import fs from 'node:fs'", /node:fs/],
    ['src/core/a.ts', "import { readFileSync } from 'node:fs'", /core is pure/],
    ['src/core/a.ts', "import type { Store } from '../engine/store.ts'", /that is engine/],
    ['src/core/a.ts', "export * from '../log.ts'", /that is log/],
    ['src/core/a.ts', "import pino from 'pino'", /not for this room/],
    ['src/core/a.ts', "import { z } from '#crew'", /#crew is for command files/],
    ['src/core/a.ts', "import { x } from './b'", /with its \.ts/],
    ['src/core/a.ts', 'export const now = Date.now()', /uses Date\.now.*come in as arguments/],
    ['src/core/a.ts', 'export const now = new Date()', /uses new Date\(\)/],
    ['src/core/a.ts', 'export const one = Math.random()', /uses Math\.random/],
    ['src/tools/a.ts', "import { spoken } from '../core/duration.ts'", /nothing of us/],
    ['src/stages/a.ts', "const store = await import('../engine/store.ts')", /that is engine/],
    ['src/stages/a.ts', "import { App } from '@slack/bolt'", /only src\/slack knows Bolt/],
    ['src/engine/a.ts', "import { post } from '../slack/post.ts'", /that is slack/],
    ['src/monitors/a.ts', "import { store } from '../engine/store.ts'", /that is engine/],
    ['src/http/a.ts', "import { run } from '../tools/run.ts'", /that is tools/],
    ['src/slack/a.ts', "import { terraform } from '../stages/terraform.ts'", /that is stages/],
    ['src/slack/a.ts', "import up from '../../commands/loadtest/up.ts'", /nobody imports them/],
    ['src/slack/a.ts', "import { startRedis } from '../../examples/demo/parts.ts'", /not part of the house/],
    ['src/bot.ts', "import bolt from '@slack/bolt'", /only src\/slack knows Bolt/],
    ['src/errors.ts', "import { z } from 'zod'", /errors depend on nothing/],
    ['src/log.ts', "import { UserError } from './errors.ts'", /depend on none/],
    ['src/index.ts', "export { run } from './tools/run.ts'", /that is tools/],
    ['src/worker.ts', 'const url = process.env.REDIS_URL', /Only src\/config\.ts and src\/cli\.ts/],
    ['src/config/a.ts', 'const url = process.env.REDIS_URL', /Only src\/config\.ts and src\/cli\.ts/],
    ['src/config/a.ts', "import { log } from '../log.ts'", /that is log/],
    ['src/engine/a.ts', "import { env } from 'node:process'", /reads process\.env/],
    ['src/engine/a.ts', 'const { env } = process', /reads process\.env/],
    ['src/engine/a.ts', "const url = process['env'].REDIS_URL", /reads process\.env/],
    ['src/utils/a.ts', '', /in no room/],
  ])('%s: %s', (path, source, message) => {
    expect(said(path, source)).toMatch(message)
  })
})

test.each([
  ['commands/a.ts', "import { command } from '#crew'"],
  ['src/core/a.ts', "import { z } from 'zod'\nimport { UserError } from '../errors.ts'\nimport { b } from './b.ts'"],
  ['src/core/a.ts', "import { distance } from 'fastest-levenshtein'\nimport { parseArgs } from 'node:util'"],
  ['src/core/a.ts', '// Date.now() is not for us\nexport const at = (now: number) => new Date(now)'],
  ['src/core/a.ts', "/** import { x } from 'node:fs' */\nexport const url = 'https://example.com'"],
  ['src/tools/a.ts', "import { execa } from 'execa'\nimport { join } from 'node:path'"],
  ['src/stages/index.ts', "import { plan } from './terraform/plan.ts'\nimport { run } from '../tools/run.ts'"],
  ['src/slack/app.ts', "import bolt from '@slack/bolt'\nimport { store } from '../engine/store.ts'"],
  ['src/index.ts', "export { z } from 'zod'\nexport { terraform } from './stages/terraform.ts'"],
  ['src/cli.ts', "import { app } from './slack/app.ts'\nconst home = process.env.HOME"],
  ['src/config.ts', 'export const read = () => process.env'],
])('the table says yes to %s: %s', (path, source) => {
  expect(breaches([{ path, source }])).toEqual([])
})

test('an import is seen in every form, and a text that looks like one is not', () => {
  const code = [
    "import one from 'one'",
    "import type { Two } from 'two'",
    "import {\n  three,\n} from 'three'",
    "export { four } from 'four'",
    "export * as five from 'five'",
    "import 'six'",
    "const seven = await import('seven')",
    "const eight = require('eight')",
    "const said = 'we import x from y'",
  ].join('\n')
  expect(importsOf(code)).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'])
})
