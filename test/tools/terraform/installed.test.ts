import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../../src/tools/run.ts'
import { isTofu, terraformsHere } from '../../../src/tools/terraform/installed.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-installed-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A stand-in, named as Terraform is: it answers for its version and nothing else. */
function standIn(path: string, version: string): string {
  const file = join(scratch, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`, { mode: 0o755 })
  return file
}

const usual = '/usr/bin:/bin'
const find = (path: string, inherit: Record<string, string> = {}, home = join(scratch, 'nobody')) =>
  terraformsHere({ env: { PATH: path, HOME: home }, inherit, run })

describe('every Terraform of a machine is found', () => {
  test('on the PATH, each with its own answer, and one that answers nothing as that', async () => {
    const [first, second] = [standIn('a/terraform', '1.10.0'), standIn('b/terraform', '1.11.0')]
    const broken = join(scratch, 'c/terraform')
    mkdirSync(dirname(broken))
    writeFileSync(broken, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
    const path = [first, second, broken].map((file) => dirname(file)).join(':')
    const { installed, places } = await find(`${path}:relative:${usual}`)
    const here = installed.filter(({ bin }) => bin.startsWith(scratch))
    expect(here.map(({ version }) => version)).toEqual(['1.10.0', '1.11.0', null])
    expect(places[0]).toBe('on the PATH')
  })

  test.each(['TFENV_CONFIG_DIR', 'TFENV_ROOT'])("in tfenv's directories by %s", async (variable) => {
    const root = join(scratch, variable)
    standIn(`${variable}/versions/1.9.8/terraform`, '1.9.8')
    mkdirSync(join(root, 'versions/1.0.0'), { recursive: true }) // half installed: no program
    const { installed, places } = await find('/nowhere', { [variable]: root })
    expect(installed).toEqual([
      { bin: join(root, 'versions/1.9.8/terraform'), version: '1.9.8', from: `in ${root}/versions` },
    ])
    expect(places).toContain(`in ${root}/versions`)
  })

  test("in the home folder, and beside tfenv's own program, which itself is none", async () => {
    standIn('home/.tfenv/versions/1.8.0/terraform', '1.8.0')
    standIn('opt/tfenv/versions/1.7.0/terraform', '1.7.0')
    const shim = join(scratch, 'opt/tfenv/bin/terraform')
    mkdirSync(dirname(shim))
    writeFileSync(shim, '#!/usr/bin/env bash\nexec tfenv-exec "$@"\n', { mode: 0o755 })
    mkdirSync(join(scratch, 'links'))
    symlinkSync(shim, join(scratch, 'links/terraform'))
    const { installed } = await find(join(scratch, 'links'), {}, join(scratch, 'home'))
    expect(installed.map(({ version }) => version).toSorted()).toEqual(['1.7.0', '1.8.0'])
  })
})

test('OpenTofu is known by its file, also through a link', async () => {
  const tofu = standIn('tofu/tofu', '1.6.2')
  symlinkSync(tofu, join(scratch, 'tofu/terraform'))
  expect(await isTofu(tofu)).toBe(true)
  expect(await isTofu('tofu', dirname(tofu))).toBe(true)
  expect(await isTofu('terraform', dirname(tofu))).toBe(true)
  expect(await isTofu('terraform', dirname(standIn('plain/terraform', '1.0.0')))).toBe(false)
  expect(existsSync(tofu)).toBe(true)
})
