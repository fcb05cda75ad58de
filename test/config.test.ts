import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseSite, readSite } from '../src/config/site.ts'
import { need, readConfig } from '../src/config.ts'
import { ConfigError, messageOf } from '../src/errors.ts'
import { written } from './core/sample-site.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-config-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const KEY = 'ab'.repeat(32)

/** What a start that was refused says. */
function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return messageOf(error)
  }
  throw new Error('It was not refused')
}

describe('the environment', () => {
  test('may be empty: every setting has a default or is asked for later', () => {
    expect(readConfig({}).settings).toMatchObject({
      GROUNDCREW_SITE: 'groundcrew.yml',
      GROUNDCREW_PREFIX: 'groundcrew',
      LOG_LEVEL: 'info',
      SLACK_MODE: 'socket',
      SLACK_API_URL: 'https://slack.com/api/',
      SLACK_HTTP_HOST: '127.0.0.1',
      WORKER_CONCURRENCY: 4,
    })
  })

  test('is read once and cannot be changed', () => {
    const config = readConfig({ LOG_LEVEL: 'warn', PATH: '/bin' })
    expect(config.variables).toEqual({ LOG_LEVEL: 'warn', PATH: '/bin' })
    expect([config, config.settings, config.variables].every(Object.isFrozen)).toBe(true)
  })

  test('counts what is empty as not given', () => {
    const config = readConfig({ LOG_LEVEL: '', SLACK_BOT_TOKEN: '' })
    expect(config.settings.LOG_LEVEL).toBe('info')
    expect(refusal(() => need(config, 'SLACK_BOT_TOKEN'))).toMatch(/SLACK_BOT_TOKEN is not set.*README/)
  })

  test.each<[string, string, RegExp]>([
    ['LOG_LEVEL', 'loud', /LOG_LEVEL is `loud`: .*"trace".*"info"/],
    ['SLACK_HTTP_PORT', '3000x', /SLACK_HTTP_PORT is `3000x`/],
    ['SLACK_HTTP_PORT', '0', /SLACK_HTTP_PORT is `0`/],
    ['SLACK_HTTP_PORT', '70000', /SLACK_HTTP_PORT is `70000`/],
    ['SLACK_HTTP_PORT', '30.5', /SLACK_HTTP_PORT is `30.5`/],
    ['WORKER_CONCURRENCY', '-1', /WORKER_CONCURRENCY is `-1`/],
    ['SLACK_MODE', 'webhook', /SLACK_MODE is `webhook`: .*"socket".*"http"/],
    ['SLACK_API_URL', 'slack.com', /SLACK_API_URL is `slack.com`: expected https:/],
    ['GROUNDCREW_PREFIX', 'a:b', /GROUNDCREW_PREFIX is `a:b`/],
  ])('with %s=%s stops the start: what came, what was expected', (name, value, said) => {
    expect(refusal(() => readConfig({ [name]: value }))).toMatch(said)
  })

  test.each<[string, string, RegExp]>([
    [
      'SLACK_BOT_TOKEN',
      'xoxp-s3cret',
      /SLACK_BOT_TOKEN has a value that does not fit \(not shown\): expected a bot token/,
    ],
    ['SLACK_APP_TOKEN', 'xoxb-s3cret', /SLACK_APP_TOKEN .*expected an app-level token/],
    ['GROUNDCREW_ARTIFACT_KEY', 's3cret', /GROUNDCREW_ARTIFACT_KEY .*64 hexadecimal digits/],
    ['REDIS_URL', 'http://:s3cret@redis:6379', /REDIS_URL .*expected redis:/],
  ])('with a wrong %s does not show it', (name, value, said) => {
    const message = refusal(() => readConfig({ [name]: value }))
    expect(message).toMatch(said)
    expect(message).not.toContain('s3cret')
  })

  test('tells all that is wrong at once', () => {
    const message = refusal(() => readConfig({ LOG_LEVEL: 'loud', SLACK_MODE: 'x' }))
    expect(message.split('\n')).toHaveLength(3)
  })

  test('gives what is needed, and a key in either case', () => {
    const config = readConfig({ REDIS_URL: 'rediss://h:1', GROUNDCREW_ARTIFACT_KEY: KEY.toUpperCase() })
    expect(need(config, 'REDIS_URL')).toBe('rediss://h:1')
    expect(need(config, 'GROUNDCREW_ARTIFACT_KEY')).toBe(KEY.toUpperCase())
  })
})

describe('the site file', () => {
  const text = stringify(written)

  test('is frozen through and through, with the paths of its stacks taken from where it lies', () => {
    const site = parseSite(text, '/srv/crew/groundcrew.yml')
    expect(site.environments.loadtest?.stack).toBe('/srv/crew/stacks/loadtest')
    expect(Object.isFrozen(site.roles.engineers?.may[0]?.commands)).toBe(true)
    expect(() => Object.assign(site.roles, { intruders: {} })).toThrow(TypeError)
  })

  test('that cannot be read stops the start and says where one is meant to be', async () => {
    const missing = join(scratch, 'missing.yml')
    await expect(readSite(missing)).rejects.toThrow(ConfigError)
    await expect(readSite(missing)).rejects.toThrow(/missing\.yml cannot be read.*GROUNDCREW_SITE/)
  })

  test('is read from where it lies', async () => {
    const file = join(scratch, 'site.yml')
    writeFileSync(file, text)
    expect((await readSite(file)).environments.loadtest?.stack).toBe(join(scratch, 'stacks/loadtest'))
  })

  test.each<[string, string, RegExp]>([
    ['that is empty', '', /slack: .*\n.*channels: .*\n.*roles: /],
    ['that is only comments', '# roles:\n#   engineers: {}\n', /roles: /],
    ['that is a list', '- roles', /\(the whole file\): /],
    ['that is a word', 'roles', /\(the whole file\): /],
    ['that is no YAML', 'roles: [unclosed', /site\.yml is not YAML: .*line 1/s],
    ['in which a key stands twice', 'slack: {}\nslack: {}', /not YAML: .*unique/],
    ['that holds two documents', 'a: 1\n---\nb: 2', /not YAML/],
    ['with tabs for spaces', 'roles:\n\tengineers: {}', /not YAML/],
    [
      'with a key that is no name',
      `${text}\nscripts: { a: { argv: [a], takes: { low: x } } }`,
      /low: expected a variable in capitals/,
    ],
    ['without roles', text.replace(/^roles:\n( .*\n)*/m, ''), /roles: /],
    ['with empty roles', text.replace(/^roles:\n( .*\n)*/m, 'roles:\n'), /roles: /],
  ])('%s stops the start with place and reason', (_what, content, said) => {
    expect(refusal(() => parseSite(content, 'site.yml'))).toMatch(said)
  })
})
