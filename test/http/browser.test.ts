import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram } from '../../examples/demo/parts.ts'
import type { Stage } from '../../src/core/workflow.ts'
import { createLiveLog } from '../../src/engine/live-log.ts'
import { idOfChild } from '../../src/engine/nested.ts'
import { createProgress } from '../../src/engine/progress.ts'
import { judgmentStage, stage, wanted } from '../core/world.ts'
import { silent } from '../engine/quiet.ts'
import { useRedis } from '../engine/redis.ts'
import { links, useWeb } from './web.ts'

const here = useRedis()
const web = useWeb(here)
const worker = { id: 'w', machine: 'm', host: 'builder-1' }
const LONG = 'a-stage-whose-name-somebody-thought-to-be-a-good-idea-and-nobody-ever-shortened'
const ESC = '\u001b'
let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: findProgram('chromium'),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
})
afterAll(() => browser?.close())

const begin = (id: string, stages: readonly Stage[], line = 'tiny say') =>
  here.store.request(wanted({ id, environment: null, stages, line }), id)
const starts = (id: string, name: string, attempt = 1) =>
  here.store.tell(id, { type: 'stage.started', stage: name, attempt, worker })
const ends = (id: string, name: string, attempt = 1, error?: string) => {
  const outcome =
    error === undefined ? ({ kind: 'succeeded', output: {} } as const) : ({ kind: 'failed', error } as const)
  return here.store.tell(id, { type: 'stage.ended', stage: name, attempt, outcome })
}

async function says(id: string, name: string, lines: readonly string[], attempt = 1) {
  const live = createLiveLog(here.redis, here.keys, silent)
  const log = { execution: id, stage: name, attempt }
  for (const line of lines) live.add(log, line, (text) => text)
  await live.end(log)
}

async function opened(id: string, { port = web.served.port, width = 1100 } = {}) {
  const page = await browser.newPage({ viewport: { width, height: 800 } })
  page.setDefaultTimeout(20_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(
    `http://127.0.0.1:${port}/runs/${id}?key=${links.sign('link', `/runs/${id}`, here.now() + 3_600_000)}`,
  )
  return { page, errors }
}

/** The picture of the docs is made anew with SCREENSHOTS=1. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
  await page.screenshot({ path, fullPage: true })
}

const seen = (page: Page, text: string) => page.locator('#shown', { hasText: text }).waitFor()

test('a page says what it waits for and what is silent, and leads to what a stage began and back', async () => {
  const child = {
    command: 'loadtest run',
    line: 'loadtest run smoke',
    args: {},
    allow: [],
    environment: null,
    stages: [],
  }
  const choices = [
    { value: '10', label: 'A tenth' },
    { value: 'all', label: 'All' },
    { value: 'stop', label: 'Stop', rejects: true },
  ]
  const judged = judgmentStage({
    ...{ show: null, count: 2, groups: [{ role: 'data', count: 1 }], choices },
    instructions: 'Look at the error rate of the last ten minutes first.',
  })
  await begin(
    'r1',
    [
      stage('terraform.plan', 'terraform.plan'),
      stage('terraform.apply', 'terraform.apply', {}, ['terraform.plan']),
      stage('load', 'workflow', { child }, ['terraform.plan']),
      { ...judged, after: ['terraform.plan'] },
      stage('night', 'wait', { for: '45m', skip: ['approvers'] }, ['judgment']),
      { ...stage('clean', 'script', {}, ['terraform.plan']), recovers: ['terraform.apply'] },
      stage('open', 'script', {}, ['terraform.apply', 'load', 'night']),
    ],
    'rehearsal small --load 10m',
  )
  here.clock.now += 2000
  await starts('r1', 'terraform.plan')
  here.clock.now += 9000
  await ends('r1', 'terraform.plan')
  here.clock.now += 1000
  for (const name of ['terraform.apply', 'load']) await starts('r1', name)
  const began = { execution: 'r1', line: 'rehearsal small --load 10m', stage: 'load', attempt: 1, outputs: {} }
  const id = idOfChild({ id: 'r1' }, { id: 'load', attempt: 1 })
  const inside = { id, environment: null, line: child.line, parent: began, stages: [stage('run', 'script')] }
  await here.store.request(wanted(inside), 'child')
  await starts(id, 'run')
  const bold = (text: string) => `${ESC}[1m${text}${ESC}[0m`
  await says('r1', 'terraform.apply', [
    `${ESC}[1;32mTerraform 1.11.4${ESC}[0m`,
    `${bold('module.app.aws_instance.app[0]:')} Creating...`,
    `${bold('module.app.aws_instance.app[0]:')} Creation complete after 41s`,
    `${ESC}[33m${bold('Warning:')} ${ESC}[33mthis region is slow today${ESC}[0m`,
    `${bold('module.app.aws_instance.app[1]:')} Still creating... [1m10s elapsed]`,
  ])
  const text = 'module.app.aws_instance.app[1]: Still creating...'
  await createProgress(here.redis, here.keys).set('r1', { stage: 'terraform.apply', text, at: here.now() + 70_000 })
  here.clock.now += 70_000 + 12 * 60_000
  const { page, errors } = await opened('r1')
  await seen(page, 'Still creating')
  expect(await page.locator('.quiet').first().innerText()).toBe(`⚠️ last sign of life 12 min ago, in ${text}`)
  expect(await page.locator('#waits .instructions').innerText()).toContain('error rate')
  await picture(page, 'page-running')
  await page.locator('#stages a.run').click()
  await page.locator('#now h1', { hasText: 'loadtest run smoke' }).waitFor()
  await page.locator('.part a.run').click()
  await page.locator('#now h1', { hasText: 'rehearsal small' }).waitFor()
  expect(errors).toEqual([])
  await page.close()
})

test('what a terminal draws is drawn, and what it overwrote is gone', async () => {
  await begin('r1', [stage('say', 'script')])
  await starts('r1', 'say')
  await says('r1', 'say', [
    `${ESC}[38;5;208mof 256${ESC}[0m ${ESC}[38;2;255;100;200mtrue${ESC}[0m ${ESC}[38:2::0:200:255mcolons${ESC}[0m ${ESC}[4:3mcurly${ESC}[24m straight`,
    'progress 10%\rprogress 50%\rprogress 100%\r',
    `${ESC}]8;;http://example.com${ESC}\\link${ESC}]8;;${ESC}\\ ${ESC}[2Jcleared \ufffd <b>bold</b>`,
    'x'.repeat(1_000_000),
  ])
  const { page, errors } = await opened('r1')
  await page.locator('#lines', { hasText: '4 lines' }).waitFor()
  const colour = (text: string) =>
    page.locator('#shown span[style]', { hasText: text }).evaluate((element) => getComputedStyle(element).color)
  expect(await colour('of 256')).toBe('rgb(255, 135, 0)')
  expect(await colour('true')).toBe('rgb(255, 100, 200)')
  expect(await colour('colons')).toBe('rgb(0, 200, 255)')
  expect(await page.locator('#shown .u').innerText()).toBe('curly')
  const rows = await page.locator('#shown .row').allInnerTexts()
  expect(rows[1]).toBe('2progress 100%')
  expect(rows[2]).toBe('3link cleared \ufffd <b>bold</b>')
  expect(rows[3]?.length).toBeLessThan(20_000)
  await page.locator('#find').fill('of 256 true')
  await page.locator('#found', { hasText: '1 found' }).waitFor()
  expect(errors).toEqual([])
  await page.close()
})

test('on a phone nothing lies beyond the edge but graph and log, which scroll; each try of a stage has its log', async () => {
  const retried = { ...stage(LONG, 'script'), retry: { times: 2, wait: '10s', most: '1m' } }
  const judged = { ...judgmentStage({ instructions: 'Look first.' }), after: [] }
  await begin('r1', [retried, judged, stage('second', 'script', {}, [LONG])])
  await starts('r1', LONG)
  await says('r1', LONG, ['said by the first try'])
  await ends('r1', LONG, 1, 'exit code 1')
  here.clock.now += 20_000
  await starts('r1', LONG, 2)
  await says('r1', LONG, ['said by the second'], 2)
  const { page, errors } = await opened('r1', { width: 360 })
  await seen(page, 'said by the second')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.locator('#waits', { hasText: 'Look first.' }).waitFor()
  await page.locator('a.try').click()
  await seen(page, 'said by the first try')
  await ends('r1', LONG, 2)
  await page.locator('#graph .node.succeeded').waitFor()
  expect(await page.locator('#shown').innerText()).toContain('said by the first try')
  await page.locator('#which').selectOption({ label: LONG })
  await seen(page, 'said by the second')
  expect(errors).toEqual([])
  await page.close()
})

test('a graph of a thousand stages scrolls by itself, follows what happens, and stays where somebody scrolled to', async () => {
  const chain = Array.from({ length: 1000 }, (_, at) => stage(`s${at}`, 'script', {}, at > 0 ? [`s${at - 1}`] : []))
  await begin('r1', chain)
  await starts('r1', 's0')
  const { page, errors } = await opened('r1')
  await page.locator('#graph .node.running').waitFor()
  const place = page.locator('#drawing')
  expect((await place.boundingBox())?.height).toBeLessThan(800)
  await place.evaluate((element) => element.scrollTo(0, 30_000))
  await ends('r1', 's0')
  await page.locator('#graph .node.succeeded').waitFor({ state: 'attached' })
  expect(await place.evaluate((element) => element.scrollTop)).toBe(30_000)
  expect(errors).toEqual([])
  await page.close()
})

/** Hands bytes on, and can break all connections, as a proxy or a phone between two networks does. */
async function breakable(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {}).on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  const listen = async (on = 0) => {
    server.listen(on, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  return {
    listen,
    async cut() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

test('a connection that breaks is told, made again, and no line is lost or doubled', async () => {
  await begin('r1', [stage('say', 'script')])
  await starts('r1', 'say')
  const live = createLiveLog(here.redis, here.keys, silent)
  const log = { execution: 'r1', stage: 'say', attempt: 1 }
  for (const line of ['one', 'two']) live.add(log, line, (text) => text)
  const between = await breakable(web.served.port)
  const port = await between.listen()
  const { page, errors } = await opened('r1', { port })
  await seen(page, 'two')
  expect(await page.locator('#lost').isVisible()).toBe(false)
  await between.cut()
  await page.locator('#lost', { hasText: 'Trying again' }).waitFor()
  live.add(log, 'three', (text) => text)
  await live.end(log)
  await between.listen(port)
  await seen(page, 'three')
  await page.locator('#lost').waitFor({ state: 'hidden' })
  expect(await page.locator('#shown .row').allInnerTexts()).toEqual(['1one', '2two', '3three'])
  await ends('r1', 'say')
  await page.locator('#now h1', { hasText: 'succeeded' }).waitFor()
  expect(errors).toEqual([])
  await page.close()
  await between.cut()
})

test('a page whose time is over says so and what to do, and asks no more', async () => {
  await begin('r1', [stage('say', 'script')])
  await starts('r1', 'say')
  const { page, errors } = await opened('r1')
  await page.locator('#graph .node.running').waitFor()
  here.clock.now += 3_600_000
  await page.locator('#lost', { hasText: 'Open it again from its message in Slack' }).waitFor()
  expect(await page.locator('#now h1').innerText()).toContain('tiny say')
  expect(errors).toEqual([])
  await page.close()
})

test('the board of queues works, and what it would load from elsewhere is not loaded', async () => {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(`http://127.0.0.1:${web.served.port}/queues`)
  await page.getByText(here.keys.queue).first().waitFor({ timeout: 20_000 })
  const fonts = 'https://fonts.googleapis.com/' // which the board asks for, and works without
  expect(errors.filter((text) => !text.includes(`'${fonts}`))).toEqual([])
  await page.close()
})
