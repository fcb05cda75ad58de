import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RunContext } from '../../src/core/workflow.ts'
import { allows, programOf } from '../../src/stages/program.ts'
import { run } from '../../src/tools/run.ts'
import { site } from '../core/sample-site.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-program-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A machine with these versions in tfenv's directories; the programs are stand-ins that only answer for their version. */
function machine(name: string, versions: Readonly<Record<string, string>>) {
  const home = join(scratch, name)
  for (const [folder, answer] of Object.entries(versions)) {
    const place = join(home, '.tfenv/versions', folder)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'terraform'), `#!/bin/sh\necho '{"terraform_version":"${answer}"}'\n`, { mode: 0o755 })
  }
  const stack = join(home, 'stack')
  mkdirSync(stack, { recursive: true })
  const env = { PATH: '/nowhere', HOME: home }
  const choose = (terraform: string, pinned: string | null = null, adopted = false) => {
    const environment = { ...site.environments.loadtest, name: 'loadtest', terraform }
    const context = { directory: home, environment, adopted, inherit: env, run, signal: new AbortController().signal }
    return programOf(context as unknown as RunContext, { stack, tree: stack, env }, pinned)
  }
  return { stack, choose }
}

test('a plan takes the newest that fits, and what works with it later exactly the same', async () => {
  const { choose } = machine('builder', {
    '1.9.8': '1.9.8',
    '1.11.4': '1.11.4',
    '1.11.10': '1.11.10',
    '1.12.0': '1.12.0',
  })
  expect(await choose('~> 1.11.0')).toMatchObject({ version: '1.11.10', tofu: false })
  expect(await choose('~> 1.11.0', '1.11.4')).toMatchObject({ version: '1.11.4' })
})

test('a worker without the version of the plan says which, and where it looked', async () => {
  const { choose } = machine('other', { '1.11.10': '1.11.10' })
  await expect(choose('~> 1.11.0', '1.11.4')).rejects.toThrow(
    /^It was planned with Terraform 1\.11\.4\. There is no Terraform 1\.11\.4 on this machine\. Looked on the PATH and in \S+\.tfenv\/versions, and found 1\.11\.10/,
  )
})

test('what is taken over keeps its program, whatever was installed since', async () => {
  const { choose } = machine('taken', { '1.11.4': '1.11.4' })
  expect(await choose('~> 1.11')).toMatchObject({ version: '1.11.4' })
  machine('taken', { '1.11.5': '1.11.5' })
  expect(await choose('~> 1.11', null, true)).toMatchObject({ version: '1.11.4' })
  expect(await choose('~> 1.11')).toMatchObject({ version: '1.11.5' })
})

test('.terraform-version counts where the site names none, and a range of the site goes over it', async () => {
  const { stack, choose } = machine('stack-says', { '1.9.8': '1.9.8', '1.11.4': '1.11.4' })
  writeFileSync(join(stack, '.terraform-version'), '1.9.8\n')
  expect(await choose('terraform')).toMatchObject({ version: '1.9.8' })
  expect(await choose('>= 1.10')).toMatchObject({ version: '1.11.4' })
})

test('a program that lies about its version is not run', async () => {
  const { choose } = machine('liar', { '1.11.4': '1.2.3' })
  await expect(choose('1.11.4')).rejects.toThrow(/lies where Terraform 1\.11\.4 should be, and says that it is 1\.2\.3/)
})

test('a site that wants another version since does not apply the plan', () => {
  expect([allows('~> 1.12', '1.11.4'), allows('~> 1.11', '1.11.4'), allows('terraform', '1.11.4')]).toEqual([
    false,
    true,
    true,
  ])
})
