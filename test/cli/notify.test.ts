import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort, startSlack } from '../../examples/demo/parts.ts'
import { slackFile } from '../../examples/demo/settings.ts'
import { slackControl } from '../../examples/demo/slack-control.ts'
import { crew } from './crew.ts'

let dir: string
let slack: Awaited<ReturnType<typeof startSlack>>
let control: ReturnType<typeof slackControl>
let stack: string
let count = 0

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'groundcrew-cli-notify-'))
  slack = await startSlack({ dir: join(dir, 'slack'), config: slackFile, port: await freePort() })
  control = slackControl(slack.url)
}, 60_000)
afterAll(async () => {
  await control.close()
  await slack.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** Each test has a folder of its own with a state of its own; `terraform_data` needs no provider and no `init`. */
beforeEach(() => {
  stack = join(dir, `stack-${count++}`)
  mkdirSync(stack)
  write(`
    variable "secret" {
      type      = string
      sensitive = true
      default   = "hunter2-hunter2"
    }
    resource "terraform_data" "item" { input = "a" }
  `)
})
const write = (text: string) => writeFileSync(join(stack, 'main.tf'), text)

const notify = (args: readonly string[], env: Record<string, string> = {}) =>
  crew(['notify', '--channel', 'C01OPS', '--', 'terraform', ...args], {
    cwd: stack,
    env: { ...slackEnv(), ...env },
  })

const slackEnv = () => ({ SLACK_API_URL: slack.apiUrl, SLACK_BOT_TOKEN: 'xoxb-test', CHECKPOINT_DISABLE: '1' })

/** The newest message as a person reads it. */
async function posted(): Promise<string> {
  const message = (await control.messages('C01OPS')).at(-1)
  return JSON.stringify(message?.blocks ?? null)
}

describe('crew notify', () => {
  test('a plan with changes: its own output and exit code, and the headline from the saved plan', async () => {
    const { code, stdout } = await notify(['plan', '-detailed-exitcode'], {
      CI_JOB_URL: 'https://ci.example.com/jobs/7',
      CI_JOB_NAME: 'plan',
    })
    expect(code).toBe(2)
    expect(stdout).toContain('# terraform_data.item will be created')
    expect(await posted()).toMatch(/\*planned\*: `terraform plan` in <https:\/\/ci\.example\.com\/jobs\/7\|plan>/)
    expect(await posted()).toMatch(/1 to add, 0 to change, 0 to destroy.*terraform_data\.item: will be created/)
  })

  test('no changes, and what would be destroyed comes first', async () => {
    expect((await notify(['apply', '-auto-approve'])).code).toBe(0)
    expect(await posted()).toMatch(/\*applied\*.*Done\*: 1.*terraform_data\.item: created/)
    expect((await notify(['plan'])).code).toBe(0)
    expect(await posted()).toContain('*no changes*')
    write('resource "terraform_data" "other" {}')
    // As npm runs it: at the top of the repository, and says where it was called.
    const byNpm = crew(['notify', '--channel', 'C01OPS', '--', 'terraform', 'plan', '-out=mine.tfplan'], {
      env: { ...slackEnv(), npm_lifecycle_event: 'crew', INIT_CWD: stack },
    })
    expect((await byNpm).code).toBe(0)
    expect(await posted()).toMatch(/⚠️ `terraform_data\.item: will be destroyed.*• `terraform_data\.other/)
    expect((await notify(['apply', 'mine.tfplan'])).code).toBe(0)
    expect(await posted()).toMatch(/Done\*: 2/)
  })

  test('a plan that fails is a failure there too, with its reason and its exit code', async () => {
    write('resource "terraform_data" "item" { input = nothing.at.all }')
    const { code, stdout } = await notify(['plan'])
    expect(code).toBe(1)
    expect(stdout).toContain('Reference to undeclared resource')
    expect(await posted()).toMatch(
      /\*failed\*: `terraform plan`.*The plan failed \(exit 1\).*Reference to undeclared resource/,
    )
  })

  test('an apply that half fails: three lists', async () => {
    write(`
      resource "terraform_data" "first" {}
      resource "terraform_data" "bad" {
        depends_on = [terraform_data.first]
        provisioner "local-exec" { command = "exit 3" }
      }
      resource "terraform_data" "last" { depends_on = [terraform_data.bad] }
    `)
    expect((await notify(['apply', '-auto-approve'])).code).toBe(1)
    const said = await posted()
    expect(said).toMatch(/Done\*: 1\\n`terraform_data\.first/)
    expect(said).toMatch(/Failed or tainted\*: 1\\n`terraform_data\.bad/)
    expect(said).toMatch(/Never started\*: 1\\n`terraform_data\.last/)
  })

  test('nothing that Terraform or the environment calls secret reaches Slack', async () => {
    write(`
      resource "terraform_data" "bad" {
        provisioner "local-exec" { command = "echo hunter2-from-env; exit 1" }
      }
    `)
    await notify(['apply', '-auto-approve'], { DEPLOY_TOKEN: 'hunter2-from-env' })
    expect(await posted()).toContain('terraform_data.bad')
    expect(await posted()).not.toContain('hunter2')
  })

  test('Slack being away changes nothing about the exit code, and is said', async () => {
    const { code, stderr } = await notify(['plan', '-detailed-exitcode'], { SLACK_API_URL: 'http://127.0.0.1:9/api/' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/Slack did not take the summary/)
  }, 60_000)

  test.each([
    [['notify', '--', 'terraform', 'plan'], /Say where to post/],
    [['notify', '--channel', 'C01OPS'], /Say which Terraform run/],
    [['notify', '--channel', 'C01OPS', '--', 'terraform', 'destroy'], /reports `plan` and `apply`/],
    [['notify', '--channel', 'C01OPS', '--', 'terraform', 'apply'], /Nobody can be asked here/],
    [['notify', '--chanel', 'C01OPS', '--', 'terraform', 'plan'], /stands only `--channel/],
  ])('%j is refused with what to do', async (args, why) => {
    const { code, stderr } = await crew(args, { cwd: stack, env: { SLACK_BOT_TOKEN: 'xoxb-test' } })
    expect(code).toBe(2)
    expect(stderr).toMatch(why)
  })
})
