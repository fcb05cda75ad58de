import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { register, report, tokenWith } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'
import { repository } from './site.ts'

const RULES = readFileSync(join(repository, 'examples/consul/bot-policy.hcl'), 'utf8')

let world: AlertWorld
let token = { secret: '', accessor: '' }

beforeAll(async () => {
  world = await startAlertWorld(
    { rules: [{ name: 'any', channel: 'room-1' }] },
    {
      server: { acl: true },
      prepare: async (agent) => {
        token = await tokenWith(agent, RULES)
      },
      variables: () => ({ CONSUL_HTTP_TOKEN: token.secret }),
    },
  )
})
afterAll(() => world?.stop())

/** Gives the bots' token other rights, and changes something, so that they are looked at. */
async function may(rules: string): Promise<void> {
  const { agent } = world
  type Own = { readonly Policies: readonly { readonly ID: string; readonly Name: string }[] }
  const [policy] = (await agent.json<Own>('GET', `/v1/acl/token/${token.accessor}`)).Policies
  await agent.json('PUT', `/v1/acl/policy/${policy?.ID}`, { ...policy, Rules: rules })
  await report(agent, 'service:other', 'passing', `looked at with ${rules.length} letters of rules`)
}

test('the rights of the docs suffice, and without them the bot is blind, which is told and resolves nothing', async () => {
  const [room, ops] = [alertsIn(world, 1), alertsIn(world, 0)]
  await register(world.agent, { id: 'other' })
  await register(world.agent, { id: 'web' })
  await report(world.agent, 'service:web', 'critical', 'HTTP 503')
  const { ts } = (await room.sees(/^🔴 \*firing\*[\s\S]*`web: web health on dc1-server`: `HTTP 503`/)).message

  await may('')
  const blind = await ops.sees(/^🔴 \*firing\*: critical `blind` in `dc1`/)
  expect(blind.words).toMatch(/the datacenter dc1 cannot be watched[\s\S]*not one check/)
  await room.sees(/^\S+ \*unknown\*/)
  // Nobody can see that it is over, so nobody says so.
  await report(world.agent, 'service:web', 'passing')
  await report(world.agent, 'service:web', 'critical', 'HTTP 503')
  await may(RULES)
  await ops.sees(/^✅ \*resolved\*: critical `blind`/)
  expect((await room.sees(/^🔴 \*firing\*/)).message.ts).toBe(ts)

  await world.agent.json('DELETE', `/v1/acl/token/${token.accessor}`)
  await report(world.agent, 'service:other', 'passing', 'looked at without a token')
  const gone = await ops.sees(/^🔴 \*firing\*: critical `blind` in `dc1`/)
  expect(gone.message.ts).toBe(blind.message.ts)
  await room.sees(/^\S+ \*unknown\*/)
  const all = room.versions().map(({ words }) => words)
  expect(count(all, /\*resolved\*|\*vanished\*|\*closed\*/)).toBe(0)
  expect([await room.standing(), await ops.standing()].map(({ length }) => length)).toEqual([1, 1])
}, 120_000)
