import { cpSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'

const source = fileURLToPath(new URL('../../examples/stacks/loadtest-aws', import.meta.url))
const aws = 'hashicorp/aws'
let root: string
let dir: string
let init: Awaited<ReturnType<typeof terraform>>

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'groundcrew-aws-'))
  dir = join(root, 'stack')
  cpSync(source, dir, { recursive: true, filter: (path) => !/\.terraform/.test(path) })
  init = await terraform('init', '-backend=false', '-input=false')
}, 90_000)

afterAll(() => rmSync(root, { recursive: true, force: true }))

async function terraform(...args: string[]) {
  const env = { CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', ...mirrorSettings() }
  const options = { cwd: dir, env, reject: false, all: true, timeout: 60_000 } as const
  const { exitCode, all } = await execa('terraform', [...args, '-no-color'], options)
  return { exitCode, text: all ?? '' }
}

/** Terraform's own search has no place for a mirror elsewhere, so it is told of the one that was found. */
function mirrorSettings(): Record<string, string> {
  const mirror = findMirror()
  if (!mirror) return {}
  const file = join(root, 'terraform.rc')
  writeFileSync(file, `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`)
  return { TF_CLI_CONFIG_FILE: file }
}

/** A directory that holds HOST/hashicorp/aws: named by TF_PLUGIN_MIRROR, else where machines usually keep one. */
function findMirror(): string | undefined {
  const named = process.env.TF_PLUGIN_MIRROR
  const usual = ['/opt', '/usr/share', '/usr/local/share', '/var/lib', join(homedir(), '.terraform.d')]
  const places = named ? [named] : usual.flatMap((place) => globSync(`${place}/{*,*/*}`).toSorted())
  return places.find((place) => existsSync(place) && globSync(`${place}/*.*/${aws}/`).length > 0)
}

function skipWithoutProvider(context: TestContext): void {
  if (init.exitCode === 0) return
  const why = init.text.split('\n').find((line) => line.includes('Error:')) ?? 'terraform init took too long'
  const reason = `not run: the AWS provider cannot be had here (${why.trim()}). Name a mirror in TF_PLUGIN_MIRROR.`
  console.log(reason)
  context.skip(reason)
}

test('both stacks are written as terraform fmt writes them', async () => {
  const { exitCode, stdout } = await execa('terraform', ['fmt', '-check', '-recursive', join(source, '..')], {
    reject: false,
  })
  expect(stdout).toBe('')
  expect(exitCode).toBe(0)
})

test('the AWS stack is valid', { timeout: 90_000 }, async (context) => {
  skipWithoutProvider(context)
  const { exitCode, text } = await terraform('validate')
  expect(exitCode, text).toBe(0)
})

test('the AWS stack does what its own tests say, on a mocked provider', { timeout: 90_000 }, async (context) => {
  skipWithoutProvider(context)
  const { exitCode, text } = await terraform('test')
  expect(exitCode, text).toBe(0)
  expect(text).toContain('0 failed')
})
