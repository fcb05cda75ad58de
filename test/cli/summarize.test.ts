import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { describePlanned, headline, isRisky, readPlan, summarizePlan } from '../../src/core/plan.ts'
import { pathIn, planOf, read } from '../core/terraform-cases.ts'
import { crew } from './crew.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-cli-summarize-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const numbers = [
  'add',
  'change',
  'destroy',
  'replace',
  'forget',
  'move',
  'import',
  'read',
  'outputs',
  'drift',
  'deposed',
]
const keys = [...numbers, 'needsApply', 'errored']

describe.concurrent('summarize', () => {
  test.for(['mixed', 'made-create-and-forget', 'deposed-and-replace', 'import-and-update', 'made-drift', 'plan-fails'])(
    '%s: --json has exactly the numbers of the recorded case',
    async (name) => {
      const { code, stdout, stderr } = await crew(['summarize', '--json', pathIn(name, 'plan.json')])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const expected = JSON.parse(read(name, 'expected.json'))
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(keys.map((key) => [key, expected[key]])))
    },
  )

  test.for(['mixed', 'replace-create-first', 'nothing', 'output-only'])(
    '%s: the headline comes first, then every change',
    async (name) => {
      const summary = summarizePlan(readPlan(planOf(name)))
      const { code, stdout } = await crew(['summarize', pathIn(name, 'plan.json')])
      expect(code).toBe(0)
      const [first, ...lines] = stdout.split('\n')
      expect(first).toBe(headline(summary))
      for (const change of summary.changes) {
        expect(lines).toContain(`${isRisky(change) ? '!' : ' '} ${describePlanned(change)}`)
      }
    },
  )

  test('reads standard input as -', async () => {
    const input = read('move', 'plan.json')
    const [piped, named] = await Promise.all([
      crew(['summarize', '-'], { input }),
      crew(['summarize', pathIn('move', 'plan.json')]),
    ])
    expect(piped).toEqual(named)
    expect(JSON.parse((await crew(['summarize', '--json', '-'], { input })).stdout).move).toBe(1)
  })

  test('shows nothing that the plan or the site calls secret, and no colors of a terminal', async () => {
    const plan = planOf('create')
    const [first] = plan.resource_changes as { address: string }[]
    if (first) first.address = 'terraform_data.app["hunter22-in-a-key"]\u001b[31m'
    const file = join(scratch, 'secret.json')
    writeFileSync(file, JSON.stringify(plan))
    const site = join(scratch, 'site.yml')
    writeFileSync(
      site,
      `slack: { team: T01DEMO }
channels: {}
roles: { engineers: {} }
environments:
  loadtest: { stack: ., backend: { type: local }, approvers: [engineers], secrets: [DOOR] }
`,
    )
    const { code, stdout, stderr } = await crew(['summarize', '--site', site, file], { env: { DOOR: 'hunter22' } })
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('terraform_data.app["***-in-a-key"]: ')
    expect(stdout).not.toContain('\u001b')
  })

  test.for<[string, string[], RegExp]>([
    ['no file', [], /reads one file.*none came[\s\S]*Usage/],
    ['two files', ['a', 'b'], /2 files came/],
    ['a file that is not there', ['nowhere.json'], /nowhere\.json cannot be read: there is no such file/],
    ['a folder', [scratch], /it is a folder/],
    ['an unknown option', ['--as', 'U01ALICE', 'x'], /has no option `--as`/],
    ['the stream of a plan', [pathIn('create', 'plan.ndjson')], /stream of `terraform plan -json`/],
    ['what is not JSON', [pathIn('create', 'main.tf')], /this is not JSON/],
    ['nothing', ['-'], /this is empty/],
  ])('refuses %s with 2 and says why', async ([, args, words]) => {
    const { code, stdout, stderr } = await crew(['summarize', ...args])
    expect(stderr).toMatch(words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
