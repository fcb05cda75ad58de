import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startJenkinsStandIn } from '../fixtures/jenkins-stand-in.ts'
import { crew } from './crew.ts'
import { startServers } from './servers.ts'

let servers: Awaited<ReturnType<typeof startServers>>
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-cli-doctor-'))

beforeAll(async () => {
  servers = await startServers()
})
afterAll(async () => {
  await servers.stop()
  rmSync(scratch, { recursive: true, force: true })
})

type Report = { ok: boolean; checks: { status: string; what: string; found: string; todo?: string }[] }

const doctor = (env: Record<string, string> = {}, args: string[] = []) =>
  crew(['doctor', ...args], { env: { ...servers.env, ...env } })

describe('the doctor', () => {
  test('finds everything well on the servers of the demo, in one line each', async () => {
    const { code, stdout } = await doctor()
    expect(code, stdout).toBe(0)
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^(ok {2}|warn) {2}\S.*: .*[.?!]$/)
    for (const what of [
      /^ok {4}node: \d+\.\d+/m,
      /^ok {4}site file: .*groundcrew\.yml/m,
      /^ok {4}commands: \d+ loaded/m,
      /^ok {4}artifact key: set\./m,
      /^ok {4}bot token: belongs to .* in T01DEMO/m,
      /^ok {4}team: T01DEMO/m,
      /^warn {2}scopes: not told by this Slack\. The app needs commands, chat:write/m,
      /^ok {4}app token: opens connections/m,
      /^ok {4}redis version: \d/m,
      /^ok {4}redis maxmemory-policy: noeviction/m,
      /^ok {4}redis appendonly: yes/m,
      /^ok {4}redis appendfsync: always/m,
      /^ok {4}consul: answers, its leader is 127\.0\.0\.1/m,
      /^ok {4}terraform for loadtest: terraform \d/m,
      /^ok {4}stack of loadtest: .*stacks\/loadtest, \d+ files/m,
    ])
      expect(stdout).toMatch(what)
  })

  test('says with --json the same as one object', async () => {
    const { code, stdout } = await doctor({}, ['--json'])
    const report = JSON.parse(stdout) as Report
    expect({ code, ok: report.ok }).toEqual({ code: 0, ok: true })
    expect(report.checks.find(({ what }) => what === 'redis appendfsync')).toEqual({
      status: 'ok',
      what: 'redis appendfsync',
      found: 'always',
    })
  })

  test('never prints a secret', async () => {
    const env = { REDIS_URL: servers.env.REDIS_URL.replace('//', '//nobody:hunter22@'), SLACK_SIGNING_SECRET: 'demo-s' }
    const { code, stdout, stderr } = await doctor(env)
    expect(code).toBe(1)
    expect(stdout).toMatch(/FAIL {2}redis: Redis at 127\.0\.0\.1:\d+ does not answer/)
    for (const secret of ['hunter22', 'demo-s', servers.env.GROUNDCREW_ARTIFACT_KEY, 'xoxb-demo', 'xapp-demo'])
      expect(stdout + stderr).not.toContain(secret)
  })

  test('says what to do about a Redis that may lose what it was told', async () => {
    const cli = async (...words: string[]) => {
      const { Redis } = await import('ioredis')
      const redis = new Redis(servers.env.REDIS_URL)
      await redis.config('SET', ...(words as [string, string]))
      redis.disconnect()
    }
    await cli('appendfsync', 'everysec')
    await cli('maxmemory-policy', 'allkeys-lru')
    const { code, stdout } = await doctor().finally(async () => {
      await cli('appendfsync', 'always')
      await cli('maxmemory-policy', 'noeviction')
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^FAIL {2}redis appendfsync: everysec, expected always\. Set `appendfsync always` in redis\.conf/m,
    )
    expect(stdout).toMatch(/^FAIL {2}redis maxmemory-policy: allkeys-lru, expected noeviction\. Set /m)
  })

  test('says of each server that is away, and of each setting that is missing, where it is set', async () => {
    const away = 'http://127.0.0.1:1'
    const gone = { SLACK_API_URL: `${away}/api/`, REDIS_URL: 'redis://127.0.0.1:1', CONSUL_HTTP_ADDR: away }
    const { code, stdout } = await doctor(gone)
    expect(code).toBe(1)
    for (const what of ['bot token', 'app token', 'redis', 'consul'])
      expect(stdout).toMatch(new RegExp(`^FAIL {2}${what}: .*does not answer`, 'm'))
    const bare = await crew(['doctor'])
    expect(bare.code).toBe(1)
    for (const what of [
      'SLACK_BOT_TOKEN',
      'SLACK_APP_TOKEN',
      'REDIS_URL',
      'GROUNDCREW_ARTIFACT_KEY',
      'CONSUL_HTTP_ADDR',
    ])
      expect(bare.stdout).toContain(what)
  })

  test('looks at the rest where a setting or the site is wrong', async () => {
    const site = join(scratch, 'site.yml')
    writeFileSync(site, 'slack: { team: nobody }\n')
    const { code, stdout } = await doctor({ GROUNDCREW_ARTIFACT_KEY: 'short', SLACK_BOT_TOKEN: 'demo' }, [
      '--site',
      site,
    ])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAIL {2}site file: .*slack\.team: /m)
    expect(stdout).toMatch(/^FAIL {2}variable GROUNDCREW_ARTIFACT_KEY: .*64 hexadecimal digits/m)
    expect(stdout).toMatch(/^FAIL {2}variable SLACK_BOT_TOKEN: .*expected a bot token/m)
    expect(stdout).toMatch(/^ok {4}redis appendfsync/m)
    expect(stdout).not.toContain('short')
  })

  test('finds a stack, a program and a team that are not there', async () => {
    const site = join(scratch, 'other.yml')
    writeFileSync(
      site,
      `slack: { team: T09OTHER }
channels: { ops: C01OPS }
roles: { engineers: { members: [U01ALICE] } }
environments:
  loadtest: { stack: nowhere, terraform: no-terraform, backend: { type: local }, approvers: [engineers], pass: [NOT_SET] }
calls:
  chat: { secret_url: CHAT_URL }
  pager: { secret_url: PAGER_URL, secret_headers: { Authorization: NOT_SET } }
`,
    )
    const { stdout } = await doctor({ CHAT_URL: 'hooks.example.com/hunter2', PAGER_URL: 'https://a/b' }, [
      '--site',
      site,
    ])
    expect(stdout).toMatch(/^FAIL {2}team: the token is of T01DEMO, the site file says T09OTHER/m)
    expect(stdout).toMatch(/^FAIL {2}terraform for loadtest: .*`no-terraform`/m)
    expect(stdout).toMatch(/^FAIL {2}stack of loadtest: .*nowhere is not there/m)
    expect(stdout).toMatch(/^warn {2}variables of loadtest: not set here: NOT_SET/m)
    expect(stdout).toMatch(/^FAIL {2}call chat: CHAT_URL is no address/m)
    expect(stdout).toMatch(/^warn {2}call pager: NOT_SET not set here/m)
    expect(stdout).not.toContain('hunter2')
  })

  test('asks Jenkins for the jobs whose end is a trigger, and says what keeps a bot from it', async () => {
    const site = join(scratch, 'jenkins.yml')
    const ci = await startJenkinsStandIn()
    ci.built()
    writeFileSync(
      site,
      `slack: { team: T01DEMO }
channels: { ops: C01OPS }
roles: { engineers: { members: [U01ALICE] } }
environments: {}
jenkins:
  well: { url: ${ci.job}, user: CI_USER, token: CI_TOKEN }
  lost: { url: ${ci.job}s, user: CI_USER, token: CI_TOKEN }
  bare: { url: ${ci.job}, user: CI_USER, token: NOT_SET }
  idle: { url: ${ci.job}, user: NOT_SET, token: NOT_SET }
triggers:
  a: { on: { jenkins: well }, line: bake }
  b: { on: { jenkins: lost }, line: bake }
  c: { on: { jenkins: bare }, line: bake }
`,
    )
    const { stdout } = await doctor({ CI_USER: 'bot', CI_TOKEN: '11token22' }, ['--site', site]).finally(ci.stop)
    expect(stdout).toMatch(/^ok {4}Jenkins job well: answers, its latest build is 1\./m)
    expect(stdout).toMatch(
      /^warn {2}Jenkins job lost: There is no job at .*deploys, or it is not shown to this user\./m,
    )
    expect(stdout).toMatch(/^warn {2}Jenkins job bare: not set here: NOT_SET\./m)
    expect(stdout).not.toMatch(/idle|11token22/)
  })

  test('looks for versions, variable files and repositories', async () => {
    const site = join(scratch, 'groups.yml')
    writeFileSync(join(scratch, 'cn.tfvars'), 'owner = "ops"\n')
    writeFileSync(
      site,
      `slack: { team: T01DEMO }
channels: { ops: C01OPS }
roles: { engineers: { members: [U01ALICE] } }
groups:
  ops-cn: { backend: { type: local }, approvers: [engineers], var_files: [cn.tfvars], terraform: ">= 1.0" }
environments:
  well: { group: ops-cn, stack: ${join(scratch, 'nothing')} }
  lost: { group: ops-cn, stack: { git: ./nowhere.git, ref: main }, var_files: [gone.tfvars], terraform: "~> 0.11.0" }
`,
    )
    const { stdout } = await doctor({}, ['--site', site])
    expect(stdout).toMatch(/^ok {4}terraform for well: \S*terraform \d\S*, for >= 1\.0\.$/m)
    expect(stdout).toMatch(/^ok {4}variable files of well: \S*cn\.tfvars\.$/m)
    expect(stdout).toMatch(
      /^FAIL {2}terraform for lost: There is no Terraform ~> 0\.11\.0 on this machine\. Looked on the PATH/m,
    )
    expect(stdout).toMatch(/^FAIL {2}stack of lost: The repository \S*nowhere\.git cannot be read/m)
    expect(stdout).toMatch(/^FAIL {2}variable files of lost: cannot be read: \S*gone\.tfvars/m)
  })
})
