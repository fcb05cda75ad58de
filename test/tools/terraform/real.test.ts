import { existsSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { type RunEnd, run, runOnce } from '../../../src/tools/run.ts'
import {
  applyArgv,
  type Diagnostic,
  diagnose,
  environmentFor,
  initArgv,
  planArgv,
  showJsonArgv,
  showTextArgv,
  stateList,
  version,
} from '../../../src/tools/terraform.ts'
import { place, until, useTemporaryPlace } from '../../fixtures/durable.ts'
import { refusingBackend } from '../../fixtures/http-backend.ts'

type Message = { type: string; diagnostic?: Diagnostic; hook?: { resource: { addr: string } } }

useTemporaryPlace()

const bin = 'terraform'
const lockTimeout = '0s'
let env: Record<string, string> = {}

beforeEach(() => {
  env = environmentFor({ path: process.env.PATH ?? '', home: place.root })
})

const stack = (text: string) => writeFile(join(place.root, 'main.tf'), text)
const where = () => ({ cwd: place.root, env })
const path = (name: string) => join(place.root, name)

type Ran = { end: RunEnd; messages: Message[]; kind: string }

async function terraform(
  name: string,
  argv: string[],
  options: { signal?: AbortSignal; onMessage?: (m: Message) => void } = {},
): Promise<Ran> {
  const messages: Message[] = []
  const onLine = (line: string) => {
    messages.push(JSON.parse(line))
    options.onMessage?.(JSON.parse(line))
  }
  const { signal } = options
  const spec = { argv: [bin, ...argv], ...where() }
  const end = await runOnce(path(name), spec, { onLine, ...(signal && { signal }) })
  return { end, messages, kind: diagnose(messages.flatMap(({ diagnostic }) => diagnostic ?? [])) }
}

const plan = (planFile: string, more: Partial<Parameters<typeof planArgv>[0]> = {}) =>
  terraform(`run-${planFile}`, planArgv({ planFile, lockTimeout, ...more }))

const apply = (planFile: string, name = `apply-${planFile}`, options = {}) =>
  terraform(name, applyArgv({ planFile, lockTimeout }), options)

const ONE = 'variable "n" { type = number }\nresource "terraform_data" "one" { input = var.n }\n'

describe('the real Terraform', () => {
  test('names its version', async () => {
    expect(await version(bin, env)).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('that is missing, or is another program, is told to the person', async () => {
    await expect(version('no-terraform', env)).rejects.toThrow(UserError)
    await expect(version('false', env)).rejects.toThrow(/Expected `false version -json` to name a Terraform version/)
  })

  test('plans, shows and applies what was planned, and the plan file is private', async () => {
    await stack(ONE)
    expect(await run([bin, ...initArgv()], where())).toMatchObject({ exitCode: 0 })
    expect(await stateList(bin, where())).toEqual([])

    expect((await plan('p1', { variables: { n: 3 } })).end).toMatchObject({ end: 'ended', exitCode: 2 })
    expect(statSync(path('p1')).mode & 0o777).toBe(0o600)
    const shown = JSON.parse((await run([bin, ...showJsonArgv('p1')], where())).stdout)
    expect(shown.resource_changes[0].change).toMatchObject({ actions: ['create'], after: { input: 3 } })
    expect((await run([bin, ...showTextArgv('p1')], where())).stdout).toContain('# terraform_data.one will be created')

    expect((await apply('p1')).end).toMatchObject({ end: 'ended', exitCode: 0 })
    expect(await stateList(bin, where())).toEqual(['terraform_data.one'])
    expect((await plan('p2', { variables: { n: 3 } })).end).toMatchObject({ exitCode: 0 })

    expect((await plan('p3', { variables: { n: 3 }, destroy: true })).end).toMatchObject({ exitCode: 2 })
    expect((await apply('p3')).end).toMatchObject({ exitCode: 0 })
    expect(await stateList(bin, where())).toEqual([])
  })

  test('refuses a plan that became stale, and this is recognised', async () => {
    await stack(ONE)
    await plan('p1', { variables: { n: 1 } })
    await apply('p1')
    const again = await apply('p1', 'again')
    expect(again).toMatchObject({ end: { exitCode: 1 }, kind: 'stale-plan' })
  })

  test('refuses a plan that had errors although it wrote a file, and this is recognised', async () => {
    await stack(`${ONE}
      resource "terraform_data" "bad" {
        lifecycle {
          precondition {
            condition     = var.n > 5
            error_message = "n is too small"
          }
        }
      }`)
    expect((await plan('p1', { variables: { n: 1 } })).end).toMatchObject({ exitCode: 1 })
    expect(existsSync(path('p1'))).toBe(true)
    expect(await apply('p1')).toMatchObject({ end: { exitCode: 1 }, kind: 'incomplete-plan' })
  })

  test('keeps others out while it works, and this is recognised; one SIGINT ends it with its state saved', async () => {
    await stack(`
      resource "terraform_data" "quick" {}
      resource "terraform_data" "slow" {
        depends_on = [terraform_data.quick]
        provisioner "local-exec" { command = "echo begun >begun; exec sleep 60" }
      }
      resource "terraform_data" "never" { depends_on = [terraform_data.slow] }`)
    await plan('p1')
    const off = new AbortController()
    const applying = apply('p1', 'applying', { signal: off.signal })
    await until(() => existsSync(path('begun')))
    expect(await plan('p2')).toMatchObject({ end: { exitCode: 1 }, kind: 'state-locked' })

    off.abort()
    expect(await applying).toMatchObject({ end: { end: 'ended', exitCode: 1 }, kind: 'interrupted' })
    expect(await stateList(bin, where())).toEqual(['terraform_data.quick', 'terraform_data.slow'])
    const { resources } = JSON.parse(readFileSync(path('terraform.tfstate'), 'utf8'))
    const slow = resources.find(({ name }: { name: string }) => name === 'slow')
    expect(slow.instances[0].status).toBe('tainted')
    expect((await plan('p3')).end).toMatchObject({ exitCode: 2 })
  })

  test('keeps its states apart by workspace', async () => {
    await stack('resource "terraform_data" "one" {}')
    env = environmentFor({ path: process.env.PATH ?? '', home: place.root, workspace: 'bay-1' })
    await plan('p1')
    expect((await apply('p1')).end).toMatchObject({ exitCode: 0 })
    expect(await stateList(bin, where())).toEqual(['terraform_data.one'])
    env = environmentFor({ path: process.env.PATH ?? '', home: place.root, workspace: 'default' })
    expect(await stateList(bin, where())).toEqual([])
  })

  test('that cannot save its state leaves errored.tfstate, and this is recognised', async () => {
    await using backend = await refusingBackend()
    await stack('terraform {\n  backend "http" {}\n}\nresource "terraform_data" "one" {}\n')
    const init = await run([bin, ...initArgv({ backendConfig: { address: backend.url, retry_max: '0' } })], where())
    expect(init.stdout + init.stderr).toContain('Successfully configured the backend "http"')
    await plan('p1')
    expect(await apply('p1')).toMatchObject({ end: { exitCode: 1 }, kind: 'state-not-saved' })
    expect(existsSync(path('errored.tfstate'))).toBe(true)
  })
})
