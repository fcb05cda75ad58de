import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram, freePort } from '../../examples/demo/parts.ts'
import { readExposition } from '../http/exposition.ts'
import { promtool } from '../http/promtool.ts'
import { channels, people, repository } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let browser: Browser
let base = ''
let workerPort = 0
const SECRET = 'hunter2-of-the-worker'

/** Says its colours and its secret, waits for a file, and then says the rest. */
const colours = (dir: string) => `
printf 'plain \\033[31mred\\033[0m \\033[1;32mbold green\\033[0m\\n'
printf '<img src=x onerror=document.title=1> & "quoted"\\n'
echo "the token is $SAY_SECRET"
echo "to standard error" >&2
while [ ! -e ${join(dir, 'go')} ]; do sleep 0.1; done
echo after the wait
`

beforeAll(async () => {
  const [port, other] = [await freePort(), await freePort()]
  base = `http://127.0.0.1:${port}`
  workerPort = other
  const [started, opened] = await Promise.all([
    startWorld((dir) => ({
      environments: { tiny: {} },
      sections: {
        scripts: {
          colours: { argv: ['sh', '-c', colours(dir)], timeout: '2m', secrets: ['SAY_SECRET'] },
          long: { argv: ['sh', '-c', 'seq -f "line %.0f of a long log" 1 50000'], timeout: '2m' },
          quick: { argv: ['echo', 'quick'], timeout: '1m' },
        },
        http: {
          public_url: base,
          proxy_header: 'X-Forwarded-Email',
          proxies: ['192.0.2.7'],
          people: { 'alice@example.com': people.alice },
        },
      },
      variables: () => ({ GROUNDCREW_HTTP_PORT: String(port), SAY_SECRET: SECRET }),
      workers: 0,
    })),
    chromium.launch({
      executablePath: findProgram('chromium'),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    }),
  ])
  world = started
  browser = opened
  await world.startWorker('work', { GROUNDCREW_WORKER_HTTP_PORT: String(workerPort) })
})
afterAll(async () => {
  await browser?.close()
  await world?.stop()
})

const room = () => talkIn(world, channels[0] ?? '')

/** The address that **Open** in the message of an execution has. */
async function linkOf(run: { id: string }): Promise<string> {
  const words = await room().sees(run, /\|Open>/)
  return /<(http[^|>]+\/runs\/[^|>]+)\|Open>/.exec(words)?.[1]?.replaceAll('&amp;', '&') ?? ''
}

async function opened(address: string, wide = 1100): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: wide, height: 900 }, deviceScaleFactor: 1 })
  page.setDefaultTimeout(30_000)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(address)
  return { page, errors }
}

/** The pictures of the docs are made anew with SCREENSHOTS=1. */
async function picture(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return
  const folder = join(repository, 'docs/images')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

const visible = (page: Page) => page.locator('#shown').innerText()

test('a link from Slack opens the page of a running execution, whose log comes in colours, masked, and as nothing but text', async () => {
  const run = await room().begin('alice', 'tiny say colours', '/crew')
  const { page, errors } = await opened(await linkOf(run))
  await page.locator('#shown', { hasText: 'the token is' }).waitFor()
  await page.locator('#shown', { hasText: 'to standard error' }).waitFor()
  const log = await visible(page)
  expect(log).toContain('the token is ***')
  expect(await page.content()).not.toContain(SECRET)
  expect(log).toContain('<img src=x onerror=document.title=1> & "quoted"')
  expect(await page.locator('#shown img').count()).toBe(0)
  expect(await page.locator('#shown .f1').innerText()).toBe('red')
  expect(await page.locator('#shown .b.f2').innerText()).toBe('bold green')
  expect(new URL(page.url()).searchParams.has('key')).toBe(false)
  expect(await page.locator('header').innerText()).toContain('asked by @alice')
  expect(await page.locator('#graph .node.running').textContent()).toContain('say')
  expect(await page.locator('#graph .node.pending').count()).toBe(3)
  expect(await page.locator('#graph path.edge').count()).toBe(4)

  writeFileSync(join(world.dir, 'go'), '')
  await page.locator('#now h1', { hasText: 'succeeded' }).waitFor()
  await page.locator('#graph .node.succeeded').nth(3).waitFor()
  await page.locator('#stages a', { hasText: 'say' }).click()
  await page.locator('#shown', { hasText: 'after the wait' }).waitFor()
  await page.locator('#files a', { hasText: 'say-log.txt' }).click()
  expect(await page.locator('body').innerText()).toContain('the token is ***')
  await page.goBack()
  await page.locator('#graph .node.succeeded').nth(3).waitFor()
  await page.locator('#records li').first().waitFor()
  await picture(page, 'page-over')
  expect(errors).toEqual([])
  await page.close()
})

test('a log of 50,000 lines stays usable: few elements, every line found, and the end at once', async () => {
  const run = await room().begin('alice', 'tiny say long', '/crew')
  await room().sees(run, /\*succeeded\*/)
  const { page, errors } = await opened(await linkOf(run))
  await page.locator('#stages a', { hasText: 'say' }).click()
  await page.locator('#lines', { hasText: '50,000 lines' }).waitFor()
  await page.locator('#shown', { hasText: 'line 50000 of' }).waitFor()
  expect(await page.locator('#shown .row').count()).toBeLessThan(200)
  const view = page.locator('#view')
  await view.hover()
  await page.mouse.wheel(0, -400_000)
  await page.locator('#shown', { hasNotText: 'line 50000 of' }).waitFor()
  await view.evaluate((element) => {
    element.scrollTop = 25_000 * 18
  })
  await page.locator('#shown', { hasText: 'line 25001 of' }).waitFor()
  await page.locator('#find').fill('line 31415 ')
  await page.locator('#found', { hasText: '1 found' }).waitFor()
  await page.locator('#find').press('Enter')
  await page.locator('#shown .at', { hasText: 'line 31415 of' }).waitFor()
  await picture(page, 'page-long-log')
  expect(errors).toEqual([])
  await page.close()
})

test('the plan is a readable diff, and a judgment shows on the page as it is made', async () => {
  const run = await room().begin('alice', 'tiny up tiny small', '/crew')
  await room().sees(run, /waiting for approval/)
  const { page, errors } = await opened(await linkOf(run), 420)
  await page.locator('#plan details.change.create summary', { hasText: 'will be created' }).first().waitFor()
  expect(await page.locator('#plan .headline').innerText()).toMatch(/\d+ to add/)
  expect(await page.locator('#plan .diff .create').first().innerText()).toMatch(/^\s*\+/)
  await picture(page, 'page-phone')
  await room().press('bob', 'judgment.approve', run)
  await page.locator('#judgments li.approved', { hasText: '@bob' }).waitFor()
  await page.locator('#now h1', { hasText: 'succeeded' }).waitFor()
  await page.locator('#records li', { hasText: 'approved' }).first().waitFor()
  expect(await page.locator('#audit').innerText()).not.toMatch(/terraform .*apply/)
  expect(errors).toEqual([])
  await page.close()
})

describe('nothing is open by default', () => {
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await fetch(`${base}${path}`, { headers, redirect: 'manual' })).status

  test('without a link, with a forged or an old one, or one of another page: refused', async () => {
    const run = await room().begin('alice', 'tiny say quick', '/crew')
    const link = new URL(await linkOf(run))
    const key = link.searchParams.get('key') ?? ''
    for (const path of ['', '/events', '/log?stage=say', '/plan', '/audit', '/files/say-log.txt']) {
      expect(await status(`/runs/${run.id}${path}`), path).toBe(403)
      expect(await status(`/runs/${run.id}${path}`, { cookie: `groundcrew_page=${key}` }), path).toBe(403)
    }
    expect(await status('/runs')).toBe(403)
    expect(await status(`/runs?key=${key}`)).toBe(403)
    expect(await status(`/runs/${run.id}?key=${key}`)).toBe(200)
    expect(await status(`/runs/${run.id}?key=${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBe(403)
    expect(await status(`/runs/${run.id}?key=${key.replace(/^\d+/, (until) => String(Number(until) + 1))}`)).toBe(403)
    expect(await status(`/runs/other?key=${key}`)).toBe(403)
    const { page } = await opened(`${base}/runs/${run.id}?key=1.${'A'.repeat(43)}`)
    expect(await page.locator('#why').innerText()).toContain('not valid, or not any more')
    await page.close()
  })

  test('a proxy header from an address that is not listed is not believed', async () => {
    expect(await status('/runs', { 'x-forwarded-email': 'alice@example.com' })).toBe(403)
  })
})

test('bot and worker serve health and metrics that promtool finds nothing wrong with, the stages where they ran', async () => {
  const texts = await Promise.all(
    [base, `http://127.0.0.1:${workerPort}`].map(async (at) => {
      expect((await fetch(`${at}/healthz`)).status).toBe(200)
      expect((await fetch(`${at}/readyz`)).status).toBe(200)
      return (await fetch(`${at}/metrics`)).text()
    }),
  )
  expect(await Promise.all(texts.map(promtool))).toEqual([[], []])
  const [bot, worker] = texts.map(readExposition)
  expect(bot?.get('groundcrew_workers_alive')?.samples[0]?.value).toBe(1)
  const calls = bot?.get('groundcrew_slack_call_seconds')?.samples.map(({ labels }) => labels.method)
  expect(calls).toContain('chat.postMessage')
  const stages = worker?.get('groundcrew_stage_seconds')?.samples.map(({ labels }) => labels.kind)
  expect(stages).toContain('script')
})
