import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram } from '../../examples/demo/parts.ts'
import { loadtest, repository } from './site.ts'
import { startWorld, type World } from './world.ts'

let world: World
let browser: Browser

beforeAll(async () => {
  const health = { 'loadtest-app': 'app_count', 'loadtest-generator': 'generator_count' }
  const [started, opened] = await Promise.all([
    startWorld({ environments: { loadtest: { ...loadtest, health } }, rooms: ['alerts', 'audit'] }),
    chromium.launch({
      executablePath: findProgram('chromium'),
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    }),
  ])
  world = started
  browser = opened
})
afterAll(async () => {
  await browser?.close()
  await world?.stop()
})

const actAs = (page: Page, name: string) => page.locator('label.actas select').last().selectOption({ label: name })

/** The picture of the README is made anew with SCREENSHOTS=1. */
async function picture(page: Page): Promise<void> {
  if (process.env.SCREENSHOTS !== '1') return
  const folder = join(repository, 'docs/images')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, 'main-job.png') })
}

test('in the browser: Alice types /loadtest up small, Bob approves, and it says that it succeeded', async () => {
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 }, deviceScaleFactor: 2 })
  page.setDefaultTimeout(40_000)
  await page.goto(world.slack.url)
  await page.locator('.sidebar-item', { hasText: 'ops' }).first().click()
  await actAs(page, 'Alice')
  const composer = page.locator('textarea.composer-input').first()
  await composer.fill('/loadtest up small')
  await composer.press('Enter')

  const message = page.locator('.msg', { hasText: 'asked by' })
  await message.getByText('waiting for approval', { exact: true }).first().waitFor()
  expect(await message.innerText()).toMatch(/6 to add/)
  await actAs(page, 'Bob')
  await picture(page)
  await message.locator('button.bk-button', { hasText: 'Approve' }).click()

  await message.getByText('succeeded', { exact: true }).first().waitFor()
  const over = await message.innerText()
  expect(over).toMatch(/loadtest-app: 2\/2 passing/)
  expect(over).toContain('Approved by @')
  expect(await message.locator('button.bk-button').allInnerTexts()).toEqual(['Extend'])
  await message.locator('.thread-summary').waitFor()
})
