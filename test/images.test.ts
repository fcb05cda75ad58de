import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../src/tools/run.ts'

const examples = join(import.meta.dirname, '../examples/images')
const folders = globSync('**/*.pkr.hcl', { cwd: examples }).map((file) => file.slice(0, file.lastIndexOf('/')))

test('there are both layers, for this machine and for AWS', () => {
  expect(folders.toSorted()).toEqual(['app', 'aws/app', 'aws/base', 'base'])
})

describe.each(folders)('the example image %s', (folder) => {
  const cwd = join(examples, folder)
  const [file = ''] = globSync('*.pkr.hcl', { cwd })
  const template = readFileSync(join(cwd, file), 'utf8')

  test('is a template that Packer reads', async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: cwd, CHECKPOINT_DISABLE: '1' }
    const { exitCode, stdout, stderr } = await run(['packer', 'validate', '-syntax-only', '.'], { cwd, env })
    expect(`${stdout}${stderr}`).toContain('Syntax-only check passed')
    expect(exitCode).toBe(0)
  })

  test('declares what it is given, and writes the manifest that the catalogue is filled from', () => {
    const given = ['version', 'manifest', ...(folder.endsWith('app') ? ['base_version', 'base_file'] : [])]
    for (const name of given) expect(template).toContain(`variable "${name}" {`)
    expect(template).toMatch(/post-processor "manifest" \{\s+output = var\.manifest/)
  })

  test('has every script and playbook that it names', () => {
    const named = [...template.matchAll(/(?:scripts\s*=\s*\[|playbook_file\s*=\s*)"([^"]+)"/g)].map(([, name]) => name)
    for (const name of named) expect(existsSync(join(cwd, name ?? ''))).toBe(true)
  })
})
