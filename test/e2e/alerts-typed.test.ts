import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { register, report } from '../consul.ts'
import { type AlertWorld, alertSite, alertsIn, startAlertWorld } from './alerts.ts'
import { channels, people, siteText } from './site.ts'
import { talkIn } from './talk.ts'

let world: AlertWorld

beforeAll(async () => {
  world = await startAlertWorld({
    rules: [
      { name: 'quiet', service: 'batch-*', alert: false },
      { name: 'web', service: 'web', status: 'critical', channel: 'room-1', mention: [people.bob], remind: ['1h'] },
    ],
  })
})
afterAll(() => world?.stop())

test('what people type is answered: what fires, all of it, routes, rules, silences', async () => {
  const room = alertsIn(world, 1)
  const type = (text: string) => room.type('alice', text)
  expect(await type('alerts list')).toMatch(/Nothing fires, as of[\s\S]*Watched by [\s\S]*`dc1`: \d+ check/)
  await register(world.agent, { id: 'web' })
  await report(world.agent, 'service:web', 'critical', 'HTTP 503')
  const { id } = await room.sees(/\*firing\*/)
  const list = await type('alerts list')
  expect(list).toMatch(new RegExp(`🔴 \\*firing\\* critical \`web\` in \`dc1\`: 1 firing.*\`${id}\``))
  expect(list).not.toContain('Nothing fires')
  expect(await type(`alerts show ${id}`)).toMatch(/By rule 2, \*web\*[\s\S]*HTTP 503/)
  expect(await type(`alerts show ${id.slice(0, 4)}`)).toMatch(/Next reminder at/)
  expect(await type('alerts show nothing-of-that')).toMatch(/There is no alert `nothing-of-that`/)
  const route = await type('alerts route --service web --status critical')
  expect(route).toMatch(/1\. `quiet`[\s\S]*It fits rule 2, \*web\*: severity critical, to `room-1`/)
  expect(await type('alerts route --service batch-7')).toMatch(/alert: false.*\*no alert\*/)
  expect(await type('alerts rules')).toMatch(/1\. \*quiet\*[\s\S]*2\. \*web\*[\s\S]*\*blind\*/)

  expect(await type('alerts silences')).toBe('Nothing is silenced.')
  expect(await type('alerts silence --for 1h --why all')).toMatch(/Say what to silence/)
  const made = await type('alerts silence --service "w*" --for 1h --why "moving racks"')
  expect(made).toMatch(/it covers 1 that fire/)
  await room.sees(/^\S+ \*silenced\*/)
  const silence = /as `(\w+)`/.exec(made)?.[1] ?? ''
  expect(await type('alerts silences')).toMatch(new RegExp(`${silence}.*covers service \`w\\*\` until.*moving racks`))
  expect(await type('alerts route --service web')).toMatch(/Silenced now:[\s\S]*moving racks/)
  expect(await type(`alerts unsilence ${silence}`)).toMatch(/is ended/)
  await room.sees(/^🔴 \*firing\*/)
  await room.note(/Silence ended/)
  expect(await room.type('eve', 'alerts list')).toMatch(/You may not run/)
})

test('a test fires as the rule would, in a datacenter of its own, and ends by itself', async () => {
  const room = alertsIn(world, 1, / in `\(test\)`/)
  expect(await room.type('bob', 'alerts test wbe')).toMatch(/Did you mean.*web/)
  expect(await room.type('bob', 'alerts test quiet')).toMatch(/alert: false/)
  expect(await room.type('bob', 'alerts test web --for 2s')).toMatch(/fires a test now.*ends by itself in 2 s/)
  const seen = await room.sees(/^🔴 \*firing\*: critical `web` in `\(test\)`/)
  expect(seen.words).toMatch(/<@U02BOB>[\s\S]*Nothing is wrong: somebody tests this rule/)
  expect((await room.sees(/^✅ \*resolved\*/)).message.ts).toBe(seen.message.ts)
})

test('where the site has no alerts every command says so, and what to write', async () => {
  await Promise.all(world.bots.map((bot) => bot.stop()))
  const site = join(world.dir, 'without.yml')
  writeFileSync(site, siteText(alertSite(null)))
  await world.startBot({ GROUNDCREW_SITE: site })
  const { type } = talkIn(world, channels[2] ?? '')
  for (const line of [
    'list',
    'show x',
    'route --service web',
    'rules',
    'silences',
    'silence x --for 1h --why y',
    'ack x',
  ]) {
    expect(await type('alice', `alerts ${line}`)).toMatch(/This site has no `alerts`.*nothing in Consul is watched/)
  }
  for (const line of ['unsilence x', 'close x --why y']) {
    expect(await type('alice', `alerts ${line}`)).toMatch(/This site has no `alerts`/)
  }
  expect(await type('alice', 'alerts test web')).toMatch(/`alerts.rules`\), of which the site file has none/)
})
