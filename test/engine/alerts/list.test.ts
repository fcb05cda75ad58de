import { expect, test } from 'vitest'
import { alertsOf } from '../../../src/engine/alerts/deeds.ts'
import type { CrewParts } from '../../../src/engine/parts.ts'
import { groupOf } from '../../core/alert-site.ts'
import { START, useRedis } from '../redis.ts'

const here = useRedis()
const asked = { actor: { kind: 'shell', user: 'root' } } as const
const answers = () => alertsOf({ store: here.store } as unknown as CrewParts, asked as never)

test('what is over is found behind many that never were more than pending', async () => {
  const over = { version: 0, endedAt: START, closedAt: START, alerts: [] }
  await here.store.alerts.commit({ alerts: [groupOf({ ...over, id: 'told', openedAt: START, shownAt: START })] })
  for (let at = 1; at <= 60; at++) {
    const pending = groupOf({ ...over, id: `young-${at}`, openedAt: START + at, shownAt: null, state: 'pending' })
    await here.store.alerts.commit({ alerts: [pending] })
  }
  expect((await answers().list({ all: true })).map(({ id }) => id)).toEqual(['told'])
  expect(await answers().list({ all: false })).toEqual([])
})

test('what nobody has is named as it was typed, and cannot leave its code', async () => {
  await expect(answers().find('`<!channel> x')).rejects.toThrow(/There is no alert `'<!channel> x`\./)
  await expect(answers().unsilence('a`b')).rejects.toThrow(/There is no silence `a'b`\./)
})
