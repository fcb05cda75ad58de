import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { importBlock, readAddress, resourceId } from '../../src/core/address.ts'
import { UserError } from '../../src/errors.ts'
import { run } from '../../src/tools/run.ts'

describe('an address', () => {
  test.each([
    ['aws_instance.web', 'aws_instance.web'],
    ['module.net.aws_vpc.main', 'module.net.aws_vpc.main'],
    ['module.a["x y"].module.b[2].aws_vpc.main[0]', 'module.a["x y"].module.b[2].aws_vpc.main[0]'],
    ['aws_instance.web[blue]', 'aws_instance.web["blue"]'],
    ['module.a[eu-1].aws_vpc.b["x"]', 'module.a["eu-1"].aws_vpc.b["x"]'],
  ])('%s is one', (text, expected) => expect(readAddress(text)).toBe(expected))

  test.each([
    'aws_instance',
    'module.net',
    'data.aws_ami.x',
    'module.a.data.aws_ami.x',
    '-target.x',
    'aws_instance.web; rm -rf /',
    'aws_instance.web\nimport {}',
    'aws_instance.web["\u0024{file("/etc/passwd")}"]',
    'aws_instance.web["%{if true}"]',
    'aws_instance.web["a\\"b"]',
    'aws_instance.web[*]',
    'aws_instance.*',
    '',
    `x.${'y'.repeat(600)}`,
  ])('%j is none', (text) => {
    const read = () => readAddress(text)
    // Terraform itself knows no `[*]` here either; as a key it is a text like any other.
    if (text === 'aws_instance.web[*]') expect(read()).toBe('aws_instance.web["*"]')
    else expect(read).toThrow(UserError)
  })
})

test.each(['a\nb', '', 'x'.repeat(1001), 'a\u0000', '\ud800'])('%j is no id', (text) =>
  expect(resourceId().safeParse(text).success).toBe(false),
)

describe('the id is one text to the real Terraform, whatever is in it', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-import-'))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  test.each([
    'i-0abc',
    '\u0024{file("/etc/passwd")}',
    '%{ if true }x%{ endif }',
    '"quoted" \\ back',
    "it's",
    'é 漢 🎉',
    '$\u0024{x}',
    '$',
  ])('%s', async (id) => {
    const env = { PATH: process.env.PATH ?? '', HOME: scratch, CHECKPOINT_DISABLE: '1' }
    const block = importBlock({ address: 'terraform_data.item', id })
    writeFileSync(join(scratch, 'main.tf'), `resource "terraform_data" "item" {}\n${block}`)
    const terraform = (...words: string[]) => run(['terraform', ...words], { cwd: scratch, env })
    expect((await terraform('init', '-no-color')).stderr).toBe('')
    const planned = await terraform('plan', '-input=false', '-out=p', '-no-color')
    expect(planned.stderr).toBe('')
    const plan = JSON.parse((await terraform('show', '-json', 'p')).stdout)
    expect(plan.resource_changes[0].change.importing).toEqual({ id })
  })
})
