import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('on 20,000 mutated lines the fast reader counts and blames exactly what the slow one does', () => {
  expect(fuzz(20_000, 1)).toBeUndefined()
})
