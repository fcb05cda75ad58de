import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { chooseInstalled, readProgram, readVersionFile } from '../../src/core/program.ts'
import { compareVersions, fits, readConstraints, readVersion } from '../../src/core/version.ts'
import { UserError } from '../../src/errors.ts'
import { run } from '../../src/tools/run.ts'
import { version } from '../../src/tools/terraform.ts'

const versionOf = (text: string) => readVersion(text) ?? expect.fail(`${text} is no version`)
const within = (text: string, range: string) => fits(versionOf(text), readConstraints(range))

describe('a range', () => {
  test.each([
    ['1.11.4', '1.11.4', true],
    ['1.11.4', '= 1.11.4', true],
    ['1.11.4', 'v1.11.4', true],
    ['1.11.4', '1.11', false],
    ['1.11.0', '1.11', true],
    ['1.11.4', '!= 1.11.4', false],
    ['1.11.4', '~> 1.11', true],
    ['1.12.9', '~> 1.11', true],
    ['2.0.0', '~> 1.11', false],
    ['1.10.9', '~> 1.11', false],
    ['1.11.9', '~> 1.11.2', true],
    ['1.12.0', '~> 1.11.2', false],
    ['1.11.1', '~> 1.11.2', false],
    ['1.10.10', '~> 1.9', true],
    ['1.11.4', '>= 1.5, < 1.12', true],
    ['1.12.0', '>= 1.5, < 1.12', false],
    ['1.5.0', '>=1.5,<1.12', true],
    ['1.5.0', '> 1.5', false],
    ['1.12.0-beta1', '>= 1.5', false],
    ['1.12.0-beta1', '= 1.12.0-beta1', true],
    ['1.12.0-beta2', '>= 1.12.0-beta1', true],
    ['1.13.0-beta2', '>= 1.12.0-beta1', false],
    ['1.12.0', '~> 1.12.0-beta1', false],
  ])('%s and %j: %s', (text, range, fitting) => expect(within(text, range)).toBe(fitting))

  test.each(['', '~>', '1.x', '>= 1.5 < 1.12', '=> 1.5', '1.2.3.4', '>= 1.5,', 'latest', '>= 1.5 || 2'])(
    '%j is none',
    (text) => expect(() => readConstraints(text)).toThrow(UserError),
  )

  test('of pre-releases is in the order of semantic versions', () => {
    const order = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc1',
      '1.0.0',
    ]
    const sorted = order.toReversed().toSorted((a, b) => compareVersions(versionOf(a), versionOf(b)))
    expect(sorted).toEqual(order)
  })
})

describe('the real Terraform agrees', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-version-'))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))
  const env = { PATH: process.env.PATH ?? '', HOME: scratch, CHECKPOINT_DISABLE: '1' }

  /** Constraints around the version that is installed here, each in a stack of its own. */
  test('on what is within a range', async () => {
    const here = await version('terraform', env)
    const [major = 0, minor = 0, patch = 0] = versionOf(here).numbers
    const ranges = [
      `~> ${major}`,
      `~> ${major}.0`,
      `~> ${major}.${minor}`,
      `~> ${major}.${minor + 1}`,
      `~> ${major}.${minor}.0`,
      `~> ${major}.${minor}.${patch + 1}`,
      `~> ${major}.${minor - 1}.0`,
      `~> ${major - 1}`,
      `~> ${major - 1}.9`,
      `${major}.${minor}`,
      here,
      `!= ${here}`,
      `>= ${major}.5, < ${major}.${minor}`,
      `> ${major}.${minor}, <= ${here}`,
    ]
    const answers = await Promise.all(
      ranges.map(async (range, at) => {
        const cwd = join(scratch, String(at))
        mkdirSync(cwd)
        writeFileSync(join(cwd, 'main.tf'), `terraform {\n  required_version = "${range}"\n}\n`)
        const { exitCode, stderr } = await run(['terraform', 'init', '-no-color'], { cwd, env })
        if (exitCode !== 0) expect(stderr).toContain('Unsupported Terraform Core version')
        return [range, exitCode === 0]
      }),
    )
    expect(answers).toEqual(ranges.map((range) => [range, within(here, range)]))
    expect(new Set(answers.map(([, fitting]) => fitting))).toEqual(new Set([true, false]))
  })
})

describe('the program of an environment', () => {
  test.each([
    ['terraform', { kind: 'named', stack: true }],
    ['tofu', { kind: 'named', stack: false }],
    ['/opt/terraform/bin/terraform', { kind: 'named', stack: false }],
    ['1.11.4', { kind: 'version' }],
    ['v1.11.4', { kind: 'version' }],
    ['>= 1.5, < 1.12', { kind: 'version' }],
  ])('%s', (text, expected) => expect(readProgram(text)).toMatchObject(expected))

  test.each(['-chdir=x', 'terraform plan', '', '1.11.x', '~> ', '$(id)'])('%j is none', (text) =>
    expect(() => readProgram(text)).toThrow(UserError),
  )

  const installed = ['1.9.8', '1.11.4', '1.10.0', '1.12.0-rc1', null].map((number) => ({
    bin: `/v/${number}/terraform`,
    version: number,
    from: 'in /v',
  }))

  test('is the newest that fits', () => {
    expect(chooseInstalled('>= 1.5, < 1.11', installed, []).version).toBe('1.10.0')
    expect(chooseInstalled('~> 1.9', installed, []).version).toBe('1.11.4')
    expect(chooseInstalled('1.12.0-rc1', installed, []).version).toBe('1.12.0-rc1')
  })

  test('that is not there is refused with where was looked and what is there', () => {
    expect(() =>
      chooseInstalled('~> 1.13', installed, ['on the PATH', 'in /v'], 'It was planned with 1.13.1. '),
    ).toThrow(
      /^It was planned with 1\.13\.1\. There is no Terraform ~> 1\.13 on this machine\. Looked on the PATH and in \/v, and found 1\.9\.8 in \/v, .*one that does not answer in \/v\. Install/,
    )
  })

  test.each([
    ['1.11.4\n', '1.11.4'],
    ['# ours\n\nv1.10.0 # pinned\n', '1.10.0'],
  ])('in a .terraform-version is %j', (text, expected) => expect(readVersionFile(text)).toBe(expected))

  test.each(['latest', 'latest:^1.5', 'min-required', '', '1.11', '1.11.4; id'])(
    'in a .terraform-version is not %j',
    (text) => expect(() => readVersionFile(text)).toThrow(/only an exact version/),
  )
})
