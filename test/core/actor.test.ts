import { expect, test } from 'vitest'
import type { Actor } from '../../src/core/actor.ts'
import { idOf, nameOf, nameOfId } from '../../src/core/actor.ts'

const actors: [string, Actor, string, string][] = [
  ['a person', { kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' }, 'T01TEAM/U01ALICE', '@U01ALICE'],
  ['whoever runs the CLI', { kind: 'shell', user: 'ann' }, 'shell:ann', 'shell:ann'],
  ['the clock', { kind: 'lifetime', environment: 'loadtest' }, 'lifetime:loadtest', "the end of loadtest's time"],
]

test.each(actors)('%s has one id and one name', (_who, actor, id, name) => {
  expect(idOf(actor)).toBe(id)
  expect(nameOf(actor)).toBe(name)
})

test('the same user id in another workspace is somebody else', () => {
  const one = idOf({ kind: 'slack', team: 'T01TEAM', user: 'U01ALICE' })
  expect(one).not.toBe(idOf({ kind: 'slack', team: 'T02OTHER', user: 'U01ALICE' }))
})

test('a shell user cannot take the id of a person by his name', () => {
  expect(idOf({ kind: 'shell', user: 'T01TEAM/U01ALICE' })).not.toBe('T01TEAM/U01ALICE')
})

test.each([
  ['T01TEAM/U01ALICE', '@U01ALICE'],
  ['shell:ann', 'shell:ann'],
  ['lifetime:loadtest', 'lifetime:loadtest'],
  ['<!channel>', '<!channel>'],
])('the recorded id %s is written as %s', (id, name) => {
  expect(nameOfId(id)).toBe(name)
})
