import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadCommands } from '../../src/commands.ts'
import { createCatalog } from '../../src/core/command.ts'
import type { Site } from '../../src/core/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { createAudit } from '../../src/engine/audit.ts'
import { createCrew } from '../../src/engine/crew.ts'
import type { CrewParts } from '../../src/engine/parts.ts'
import { signature } from '../../src/engine/signature.ts'
import { checkHookLines, hookRoute, secretsOf, serve } from '../../src/http/server.ts'
import { stageKinds } from '../../src/stages/index.ts'
import { written } from '../core/sample-site.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'

const here = useRedis()
const SECRET = 'a-secret-of-the-pipeline'
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const commands = await loadCommands(['commands'])

const environment = (path: string) => ({
  stack: { git: 'https://git.example.com/infra.git', ref: 'main', path: 'stacks/web' },
  backend: { type: 'consul', config: { path } },
  approvers: ['approvers'],
})

const wish = {
  ...written,
  roles: {
    ...written.roles,
    pipelines: { members: ['webhook:ci', 'webhook:github'], may: [{ commands: ['promote'] }] },
  },
  environments: { ...written.environments, one: environment('1'), two: environment('2'), three: environment('3') },
  promotions: {
    web: { scratch: { env: 'one', approve: false }, sandbox: { env: 'two', approve: false }, production: 'three' },
  },
  webhooks: {
    ci: {
      secret: 'CI_SECRET',
      line: 'promote web --ref {commit}',
      fields: { commit: '[0-9a-f]{40}' },
      authors: { 'Alice@example.com': 'U01ALICE' },
      channel: 'ops',
    },
    github: {
      secret: 'CI_SECRET',
      signed: 'github',
      line: 'promote web --ref {commit}',
      fields: { commit: { pattern: '[0-9a-f]{40}', path: 'after' } },
      only: { ref: 'refs/heads/main', deleted: 'false' },
      author: 'head_commit.author.email',
      channel: 'ops',
    },
    nobody: { secret: 'CI_SECRET', line: 'promote web', channel: 'ops' },
  },
}
const site: Site = siteSchema.parse(wish)

const audit = () => createAudit({ ...here, log: silent, host: 'here', mask: (text) => text, show: [] })

function partsOf(): CrewParts {
  return {
    ...{ store: here.store, site, kinds: stageKinds, now: here.now, audit: audit(), kick: () => {} },
    catalog: createCatalog(commands, site),
    groups: async () => new Map(),
    artifacts: createArtifacts(here.redis, here.keys, '0'.repeat(64)),
    consul: { address: '127.0.0.1:1' },
  }
}

let server: Awaited<ReturnType<typeof serve>>
beforeEach(async () => {
  const parts = partsOf()
  const hooks = { crew: createCrew(parts), parts, secret: secretsOf(site, { CI_SECRET: SECRET }) }
  server = await serve([hookRoute(hooks)], { host: '127.0.0.1', port: 0 }, silent)
})
afterEach(() => server.stop())

type Sent = { hook?: string; secret?: string; ahead?: number; text?: string; headers?: Record<string, string> }

async function send(body: unknown, { hook = 'ci', secret = SECRET, ahead = 0, text, headers }: Sent = {}) {
  const raw = text ?? JSON.stringify(body)
  const seconds = String(Math.floor(here.clock.now / 1000) + ahead)
  const signed = { 'x-groundcrew-timestamp': seconds, 'x-groundcrew-signature': signature(secret, seconds, raw) }
  const response = await fetch(`http://127.0.0.1:${server.port}/hooks/${hook}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(headers ?? signed) },
    body: raw,
  })
  return { status: response.status, ...((await response.json()) as { error?: string; execution?: string }) }
}

const good = { commit: COMMIT, author: 'alice@example.com' }
const runs = () => here.store.list({ limit: 10 })

describe('a signed request', () => {
  test('starts the line of the site, for the webhook and for the author of the commit', async () => {
    const { status, execution } = await send(good)
    expect(status).toBe(202)
    expect(await runs()).toMatchObject([
      {
        id: execution,
        line: `promote web --ref ${COMMIT}`,
        actor: { kind: 'webhook', name: 'ci' },
        askers: ['webhook:ci', 'T01TEAM/U01ALICE'],
        origin: { channel: 'C01OPS', via: 'webhook' },
        environment: 'one',
        promotion: { name: 'web', step: 1, environments: ['one', 'two', 'three'] },
      },
    ])
    const [asked] = (await audit().find({ execution: execution ?? '', limit: 10 })).filter(
      ({ entry }) => entry.kind === 'asked',
    )
    expect(asked?.entry).toMatchObject({ who: 'webhook:ci', via: 'webhook', what: 'for T01TEAM/U01ALICE' })
  })

  test('is computed as the README says', async () => {
    const raw = JSON.stringify(good)
    const seconds = String(Math.floor(here.clock.now / 1000))
    const digest = createHmac('sha256', SECRET).update(`v0:${seconds}:${raw}`).digest('hex')
    expect(signature(SECRET, seconds, raw)).toBe(`v0=${digest}`)
  })

  test('of somebody the site does not know is recorded with the address of the author', async () => {
    await send({ ...good, author: 'dora@example.com' })
    expect((await runs())[0]?.askers).toEqual(['webhook:ci', 'email:dora@example.com'])
  })

  test('that comes again starts nothing, also long after its key is forgotten', async () => {
    const first = await send(good)
    const again = await send(good)
    expect(again).toMatchObject({ status: 409, execution: first.execution })
    await here.redis.del(...(await here.redis.keys(here.keys.seen('*'))))
    expect(await send(good)).toMatchObject({ status: 409, execution: first.execution })
    expect(await runs()).toHaveLength(1)
  })

  test('that comes twice at once starts once', async () => {
    const sent = await Promise.all([send(good), send(good), send(good)])
    expect(sent.map(({ status }) => status).toSorted()).toEqual([202, 409, 409])
    expect(await runs()).toHaveLength(1)
  })
})

describe('is refused and starts nothing:', () => {
  const tooLarge = 'x'.repeat(1024 * 1024)
  test.each<[string, unknown, Sent, number, RegExp]>([
    ['a wrong secret', good, { secret: 'some-other-secret' }, 401, /signature does not fit/],
    ['no signature', good, { headers: {} }, 401, /no x-groundcrew-timestamp/],
    ['an old time', good, { ahead: -301 }, 401, /five minutes/],
    ['a time to come', good, { ahead: 302 }, 401, /five minutes/],
    [
      'a time that is none',
      good,
      { headers: { 'x-groundcrew-timestamp': 'now', 'x-groundcrew-signature': 'v0=1' } },
      401,
      /seconds/,
    ],
    ['an unknown hook', good, { hook: 'nothing' }, 404, /no such webhook/],
    ['a hook named like what every object has', good, { hook: 'constructor' }, 404, /no such webhook/],
    ['no JSON', null, { text: '{' }, 400, /not JSON/],
    ['a list', [good], {}, 400, /JSON object/],
    ['a missing field', { author: 'a@example.com' }, {}, 400, /commit has to be a text; nothing came/],
    ['a number', { commit: 5 }, {}, 400, /commit has to be a text; a number came/],
    ['a value beside the pattern', { ...good, commit: 'main' }, {}, 400, /commit does not fit/],
    ['a value with more behind it', { ...good, commit: `${COMMIT} --x` }, {}, 400, /commit does not fit/],
    ['an undeclared field', { ...good, line: 'runs list' }, {}, 400, /Unknown field "line"/],
    ['an author that is no address', { ...good, author: '<@U01ALICE>' }, {}, 400, /e-mail address/],
    ['too much', { ...good, more: tooLarge }, {}, 413, /1048576 bytes/],
    ['a hook that no role has', {}, { hook: 'nobody' }, 403, /may not run `promote`/],
    ['another method of signing', good, { hook: 'github' }, 401, /no x-hub-signature-256/],
  ])('%s', async (_, body, sent, status, reason) => {
    const answer = await send(body, sent)
    expect(answer.status).toBe(status)
    expect(answer.error).toMatch(reason)
    expect(await runs()).toEqual([])
  })

  test('anything but a POST to a hook', async () => {
    const base = `http://127.0.0.1:${server.port}`
    expect((await fetch(`${base}/hooks/ci`)).status).toBe(405)
    expect((await fetch(base)).status).toBe(404)
  })

  test('and the audit says so, once a minute for each reason', async () => {
    for (let at = 0; at < 3; at++) await send(good, { secret: 'some-other-secret' })
    await audit().flush()
    const lines = await audit().find({ who: 'webhook:ci', limit: 10 })
    expect(lines.map(({ entry }) => entry)).toMatchObject([
      { kind: 'refused', why: expect.stringMatching(/signature/) },
    ])
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })
})

describe("GitHub's own signature", () => {
  const body = {
    ref: 'refs/heads/main',
    deleted: false,
    after: COMMIT,
    head_commit: { author: { email: 'alice@example.com' } },
    repository: { id: 1 },
  }
  const github = (secret: string, sent: object = body) => ({
    hook: 'github',
    headers: {
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(JSON.stringify(sent)).digest('hex')}`,
    },
  })

  test('starts the line once', async () => {
    expect(await send(body, github(SECRET))).toMatchObject({ status: 202 })
    expect(await send(body, github(SECRET))).toMatchObject({ status: 409 })
    expect(await runs()).toMatchObject([{ line: `promote web --ref ${COMMIT}` }])
  })

  test.each([
    ['a push to another branch', { ref: 'refs/heads/main2' }],
    ['a branch that is deleted', { deleted: true }],
    ['what does not say', { deleted: undefined }],
  ])('of %s is taken and does nothing', async (_, change) => {
    const other = { ...body, ...change }
    expect(await send(other, github(SECRET, other))).toMatchObject({ status: 200 })
    expect(await runs()).toEqual([])
  })

  test('of its first question is answered, where the secret is the right one', async () => {
    const ping = (secret: string) => {
      const { hook, headers } = github(secret, { zen: 'Keep it logically awesome.' })
      return send({ zen: 'Keep it logically awesome.' }, { hook, headers: { ...headers, 'x-github-event': 'ping' } })
    }
    expect(await ping(SECRET)).toMatchObject({ status: 200, ignored: expect.stringMatching(/It is here/) })
    expect(await ping('some-other-secret')).toMatchObject({ status: 401 })
  })

  test('of a form, as a new webhook of it sends them, says what to choose instead', async () => {
    const text = 'payload=%7B%7D'
    const signed = `sha256=${createHmac('sha256', SECRET).update(text).digest('hex')}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-hub-signature-256': signed }
    const answer = await send(null, { hook: 'github', text, headers })
    expect(answer).toMatchObject({ status: 400, error: expect.stringMatching(/form, not JSON.*application\/json/) })
  })

  test('of another secret does not', async () => {
    expect(await send(body, github('some-other-secret'))).toMatchObject({ status: 401 })
    expect(await runs()).toEqual([])
  })
})

describe('the start', () => {
  test('needs every secret, and a long one', () => {
    expect(() => secretsOf(site, {})).toThrow(/CI_SECRET is not set.*at least 16/)
    expect(() => secretsOf(site, { CI_SECRET: 'short' })).toThrow(/only 5 characters/)
  })

  test.each([
    ['runs list', /only answers/],
    ['nothing here', /begins with no command/],
  ])('refuses the line %s', (line, reason) => {
    const hooks = { ci: { ...site.webhooks.ci, line } } as Site['webhooks']
    expect(() => checkHookLines({ ...site, webhooks: hooks }, createCatalog(commands, site))).toThrow(reason)
  })

  test.each([
    [{ line: 'promote web --ref {other}' }, /takes \{other\}, which is not under fields/],
    [{ line: 'promote web' }, /declares commit, which the line does not take/],
    [{ channel: 'nowhere' }, /not under channels/],
    [{ secret: 'a literal secret' }, /name of an environment variable/],
    [{ fields: { commit: '[' } }, /./],
  ])('refuses a site with %o', (change, reason) => {
    const hooks = { ci: { ...wish.webhooks.ci, ...change } }
    expect(String(siteSchema.safeParse({ ...wish, webhooks: hooks }).error)).toMatch(reason)
  })
})
