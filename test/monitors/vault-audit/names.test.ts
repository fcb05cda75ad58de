import { expect, test } from 'vitest'
import { readEntry } from '../../../src/monitors/vault-audit/entry.ts'
import { createJudge } from '../../../src/monitors/vault-audit/judge.ts'
import { line, REFUSED } from './entries.ts'

const DENIED = '1 error occurred:\n\t* permission denied\n\n'

function principals(...auths: object[]): unknown[] {
  const judge = createJudge({})
  return auths.map((auth) => {
    const judged = judge(readEntry(JSON.parse(line({ error: DENIED, auth: { ...REFUSED, ...auth } }))))
    return typeof judged === 'object' ? judged.principal : judged
  })
}

test('an entity is one principal under its first name, whatever it calls itself later', () => {
  const entity_id = 'b9b1b7f6-1111-4222-8333-444455556666'
  const other = { entity_id: 'c0c1c7f6-1111-4222-8333-444455556666', metadata: { role_name: 'ci' } }
  expect(principals({ entity_id }, { entity_id, metadata: { role_name: 'ci' } }, other)).toEqual([
    'app1 (entity b9b1b7f6)',
    'app1 (entity b9b1b7f6)',
    'ci (entity c0c1c7f6)',
  ])
})

test('without an entity it is what it calls itself, and one without any name is its id', () => {
  const unnamed = { entity_id: 'd0', metadata: {}, display_name: '' }
  expect(principals({}, { metadata: {} }, unnamed)).toEqual(['app1', 'approle', 'entity d0'])
})
