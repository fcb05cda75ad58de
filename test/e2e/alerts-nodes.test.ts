import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { type ConsulAgent, register, report, startConsulClient } from '../consul.ts'
import { type AlertWorld, alertsIn, count, startAlertWorld } from './alerts.ts'

let world: AlertWorld
let host: ConsulAgent

beforeAll(async () => {
  world = await startAlertWorld({
    rules: [
      { name: 'nodes', check: 'serfHealth', channel: 'room-1' },
      { name: 'far', node: 'app-1', channel: 'room-2' },
      { name: 'near', service: 'near', channel: 'room-3' },
      { name: 'probe', service: 'probe-*', channel: 'room-4' },
    ],
    // A server that begins anew forgets its hosts until they are heard of again.
    vanished: { after: '10m' },
  })
  host = await startConsulClient(world.agent, { dir: join(world.dir, 'app-1'), node: 'app-1' })
  await register(host, { id: 'far' })
  await register(world.agent, { id: 'near' })
})
afterAll(async () => {
  await host?.stop()
  await world?.stop()
})

/** Consul begins anew. A host that the server forgot is heard of again as soon as it has something to say. */
async function restarted(saying: string): Promise<void> {
  await world.agent.restart()
  await report(host, 'service:far', 'critical', saying)
}

/** Something else turns bad and is told: whatever came before it was judged, too. */
async function probed(name: string): Promise<void> {
  await waitFor(() => register(world.agent, { id: `probe-${name}` }, { status: 'critical' }).then(() => true), {
    what: 'Consul to register the probe',
    within: '40s',
  })
  await alertsIn(world, 4).sees(new RegExp(`probe-${name}: `))
}

const wordsIn = (at: number) =>
  alertsIn(world, at)
    .versions()
    .map(({ words }) => words)

test('a node that dies is one alert, and its checks are unknown until it is back', async () => {
  const [nodes, far] = [alertsIn(world, 1), alertsIn(world, 2)]
  await report(host, 'service:far', 'critical', 'HTTP 500')
  const { ts } = (await far.sees(/^🔴 \*firing\*[\s\S]*HTTP 500/)).message
  await host.kill9()
  const dead = await nodes.sees(/^🔴 \*firing\*: critical `nodes` in `dc1`, 1 firing[\s\S]*on app-1/)
  await far.sees(/^\S+ \*unknown\*[\s\S]*the node app-1 is dead: its checks stand as it left them/)
  await far.note(/^\S+ \*Unknown\*/)
  await host.restart()
  expect((await nodes.sees(/^✅ \*resolved\*/)).message.ts).toBe(dead.message.ts)
  expect((await far.sees(/^🔴 \*firing\*[\s\S]*HTTP 500/)).message.ts).toBe(ts)
  await far.note(/\*Known again\*/)
  expect(count(wordsIn(2), /\*resolved\*|\*vanished\*/)).toBe(0)
}, 120_000)

test('a Consul server that dies and begins anew resolves nothing and doubles nothing', async () => {
  const near = alertsIn(world, 3)
  await report(world.agent, 'service:near', 'critical', 'HTTP 503')
  await near.sees(/^🔴 \*firing\*/)
  await world.agent.kill9()
  await restarted('HTTP 501')
  await probed('one')
  await waitFor(() => /^🔴 \*firing\*/.test(wordsIn(3).at(-1) ?? '') && /^🔴/.test(wordsIn(2).at(-1) ?? ''), {
    what: 'both alerts to be known again',
    within: '50s',
  })
  for (const at of [2, 3]) {
    expect(count(wordsIn(at), /\*resolved\*|\*vanished\*/)).toBe(0)
    expect(await alertsIn(world, at).standing()).toHaveLength(1)
  }
  expect(count(await near.notes(), /\*New\*|\*Fires again\*|\*Resolved\*|\*Back\*/)).toBe(0)
}, 120_000)

test('Consul away for longer is one alert, in which everything else is unknown, and afterwards all is as it was', async () => {
  const [near, far, ops] = [alertsIn(world, 3), alertsIn(world, 2), alertsIn(world, 0, /`blind` in `\(all\)`/)]
  const before = { near: near.versions().length, far: far.versions().length, ops: ops.versions().length }
  await world.agent.kill9()
  const news = (room: ReturnType<typeof alertsIn>, from: number, wanted: RegExp) =>
    waitFor(
      () =>
        room
          .versions()
          .slice(from)
          .find(({ words }) => wanted.test(words)),
      {
        what: `${wanted} in ${room.channel}`,
        within: '50s',
      },
    )
  const blind = await news(ops, before.ops, /^🔴 \*firing\*: critical `blind` in `\(all\)`, 1 firing/)
  expect(blind.words).toMatch(/Consul cannot be watched/)
  await news(near, before.near, /^\S+ \*unknown\*/)
  await news(far, before.far, /^\S+ \*unknown\*/)
  const listed = async () => /`dc1`: ⚠️ \*cannot be watched\*/.test(await ops.type('alice', 'alerts list'))
  await waitFor(listed, { what: 'the list to say what is not seen', within: '50s', every: 200 })
  await restarted('HTTP 502')
  await news(ops, before.ops, /^✅ \*resolved\*: critical `blind` in `\(all\)`/)
  const again = [near.versions().length, far.versions().length]
  await probed('two')
  await waitFor(() => [2, 3].every((at) => /^🔴 \*firing\*/.test(wordsIn(at).at(-1) ?? '')), {
    what: `both alerts to be known again (${again})`,
    within: '50s',
  })
  for (const at of [2, 3]) {
    expect(count(wordsIn(at), /\*resolved\*|\*vanished\*/)).toBe(0)
    expect(await alertsIn(world, at).standing()).toHaveLength(1)
  }
  const standing = (await ops.standing()).map(({ text }) => text)
  expect(count(standing, /blind/)).toBe(1)
}, 120_000)
