import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { crew } from './crew.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-cli-plan-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
const production = join(import.meta.dirname, '../../groundcrew.yml')

describe.concurrent('plan', () => {
  test('prints the execution as one JSON object, the same every time but for its id and time', async () => {
    const asked = ['plan', '--as', 'U01ALICE', '--json', 'loadtest up small']
    const [one, other] = await Promise.all([crew(asked), crew(asked)])
    expect(one).toMatchObject({ code: 0, stderr: '' })
    const execution = JSON.parse(one.stdout)
    expect(execution).toMatchObject({
      command: 'loadtest up',
      line: 'loadtest up small',
      args: { size: 'small', for: '4h' },
      actor: { kind: 'slack', team: 'T01DEMO', user: 'U01ALICE' },
      askers: ['T01DEMO/U01ALICE'],
      environment: 'loadtest',
      status: 'queued',
      lifetime: '4h',
    })
    expect(execution.stages.map(({ kind }: { kind: string }) => kind)).toEqual([
      'terraform.plan',
      'judgment',
      'terraform.apply',
      'health',
    ])
    expect(execution.stages[0].input.variables).toMatchObject({ app_count: 2, generator_count: 1 })
    const { id, createdAt, ...rest } = JSON.parse(other.stdout)
    expect({ ...rest, id: execution.id, createdAt: execution.createdAt }).toEqual(execution)
    expect(id).not.toBe(execution.id)
    expect(createdAt).toBeGreaterThan(0)
  })

  test('says without --json who asks for what, and every stage with its input', async () => {
    const { code, stdout } = await crew(['plan', 'loadtest', 'up', 'large', '--for', '2h', '--as=U02BOB'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^loadtest up large --for 2h\n/)
    expect(stdout).toMatch(/asked by +@U02BOB\n +environment +loadtest\n +stays up for +2h/)
    expect(stdout).toMatch(/1\. terraform\.plan\n +size: large[\s\S]*app_count = 12[\s\S]*3\. terraform\.apply/)
  })

  test('says of a graph what comes after what, when, and what a failure of it means; what is nested stands below', async () => {
    const { stdout } = await crew(['plan', '--as=U01ALICE', 'rehearsal small'])
    expect(stdout).toMatch(
      /1\. terraform\.plan\n +tried again: 2 times, after 5s and then longer, up to 1m\n +at most 10m/,
    )
    expect(stdout).toMatch(/choices: now, tonight, none, stop \(rejects\)\n/)
    expect(stdout).toMatch(/\d+\. night \(wait\), after \S+\n +only if judgment\.choice is tonight\n/)
    expect(stdout).toMatch(/if it fails: the other branches are finished, then it has failed\n/)
    expect(stdout).toMatch(
      /runs `loadtest run smoke --for 10s` in loadtest, an execution of its own:\n +1\. load\.target/,
    )
    expect(stdout).toMatch(/look \(script\), only where (\S+ or )+compare failed\n/)
  })

  test('is asked by the unix user where nobody else is named', async () => {
    const { stdout } = await crew(['plan', '--json', 'loadtest down'])
    expect(JSON.parse(stdout).actor).toEqual({ kind: 'shell', user: userInfo().username })
  })

  test.for([
    ['smart quotes', 'loadtest up “small”'],
    ['an em dash', 'loadtest up small —for 4h'],
    ['a no-break space', 'loadtest\u00a0up\u00a0small'],
    ['the slash of Slack', '/loadtest up small'],
    ['the command for all commands', '/crew loadtest up small'],
  ])('understands a line with %s', async ([, line = '']) => {
    const { code, stdout, stderr } = await crew(['plan', '--json', line])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout).line).toBe('loadtest up small')
  })

  test.for<[string, string[], RegExp]>([
    ['an unknown command', ['lodtest up small'], /`lodtest` is no command\. Did you mean `loadtest up`\?/],
    ['a wrong value', ['loadtest', 'up', 'smal'], /no value for `<size>`.*Did you mean `small`\?[\s\S]*Usage:/],
    [
      'a missing argument, with the usage',
      ['loadtest up'],
      /needs `<size>`[\s\S]*Usage: `loadtest up <size> \[--for 4h\]`/,
    ],
    ['an unknown flag', ['loadtest', 'up', 'small', '--fro', '2h'], /has no flag `--fro`\. Did you mean `--for`\?/],
    ['an extra word', ['loadtest up small now'], /one word too many/],
    ['half a command', ['loadtest'], /the beginning of:[\s\S]*loadtest up/],
    ['too long a time', ['loadtest up small --for 48h'], /at most 24h/],
    ['somebody without a role', ['--as', 'U04EVE', 'loadtest up small'], /You have no role here; `engineers` may/],
    ['somebody with another role', ['--as', 'U03CAROL', 'loadtest up small'], /You have `approvers`; `engineers` may/],
    ['a question', ['runs list'], /only answers/],
    ['no line', [], /needs a command line[\s\S]*Usage: crew plan/],
    ['an empty line', [''], /needs a command line/],
    ['a name in place of an id', ['--as', 'alice', 'loadtest up small'], /`alice` is no Slack user id/],
    ['the id of nobody', ['--as', 'u01alice', 'loadtest up small'], /Did you mean `U01ALICE`\?/],
    ['--as without a value', ['--as'], /`--as` needs a Slack user id/],
    [
      'an option of its own that is none',
      ['--jsn', 'loadtest up small'],
      /no option `--jsn`\. Did you mean `--json`\?/,
    ],
    ['a site that is not there', ['--site', 'nowhere.yml', 'loadtest down'], /nowhere\.yml cannot be read/],
    [
      "somebody else outside the demo's site",
      ['--site', production, '--as', 'U01ALICE', 'loadtest down'],
      /demo's site only/,
    ],
  ])('refuses %s in the words of the bot, with 2 and nothing on standard output', async ([, args, words]) => {
    const { code, stdout, stderr } = await crew(['plan', ...args])
    expect(stderr).toMatch(words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  test('refuses a site without roles', async () => {
    const site = join(scratch, 'site.yml')
    writeFileSync(site, 'slack: { team: T01DEMO }\nchannels: {}\nroles: {}\nenvironments: {}\n')
    const { code, stdout, stderr } = await crew(['plan', '--site', site, 'loadtest up small'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/roles: at least one role is needed/)
    // Also where the processes are started with it: a dry run is about one's own site.
    const own = await crew(['plan', 'loadtest up small'], { env: { GROUNDCREW_SITE: site } })
    expect(own.stderr).toBe(stderr)
  })
})

describe.concurrent('the command line', () => {
  test.for([[[]], [['--help']], [['help']], [['-h']], [['plan', '--help']]])('%j prints the usage', async ([args]) => {
    const { code, stdout, stderr } = await crew(args ?? [])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: .*crew/)
  })

  test('knows which verb was meant', async () => {
    const { code, stdout, stderr } = await crew(['sumarize', 'x'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/no verb of crew\. Did you mean `crew summarize`\?/)
  })

  test('says which server is missing, without its password', async () => {
    const env = { REDIS_URL: 'redis://crew:hunter22@127.0.0.1:1', GROUNDCREW_ARTIFACT_KEY: 'a'.repeat(64) }
    const { code, stdout, stderr } = await crew(['run', 'whoami'], { env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Redis at 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/)
    expect(stderr).not.toContain('hunter22')
  })
})
