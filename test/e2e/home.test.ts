import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionsBlock, View } from '@slack/types'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram, waitFor } from '../../examples/demo/parts.ts'
import { channels, people, repository } from './site.ts'
import { talkIn, wordsOf } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World
let browser: Browser

beforeAll(async () => {
  const [started, opened] = await Promise.all([
    startWorld({
      environments: { tiny: {}, other: {} },
      bots: 2,
      sections: { http: { public_url: 'https://crew.example.com' } },
    }),
    chromium.launch({
      executablePath: findProgram('chromium'),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    }),
  ])
  world = started
  browser = opened
})
afterAll(async () => {
  await browser?.close()
  await world?.stop()
})

const wordsIn = (view: View | undefined) => wordsOf({ text: '', blocks: view?.blocks ?? [] } as never)

/** All words of somebody's home, once they fit. */
async function homeOf(user: string, wanted: RegExp): Promise<{ words: string; view: View }> {
  let last = ''
  const found = await waitFor(
    async () => {
      const view = await world.control.home(user)
      last = wordsIn(view)
      return view && wanted.test(last) ? { words: last, view } : undefined
    },
    { what: `${wanted} in the home of ${user}`, within: '40s' },
  ).catch((error: Error) => {
    throw new Error(`${error.message} Shown was:\n${last}`)
  })
  return found
}

const actionsIn = (view: View) =>
  view.blocks.flatMap((block) => (block.type === 'actions' ? (block as ActionsBlock).elements : [])) as {
    action_id?: string
    value?: string
  }[]

/** The home of somebody in the browser, where something waits for him. */
async function openedAs(name: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } })
  page.setDefaultTimeout(30_000)
  await page.goto(world.slack.url)
  await page.locator('label.actas select').last().selectOption({ label: name })
  await page
    .locator('.sidebar-item', { hasText: /groundcrew/i })
    .first()
    .click()
  const home = page.getByText('Waiting for your judgment', { exact: true }).first()
  if (!(await home.isVisible())) await page.getByText('Home', { exact: true }).first().click()
  await home.waitFor()
  return page
}

test('a home shows what waits for me with its buttons, my executions and the environments, and keeps up by itself', async () => {
  const { alice, bob, eve } = people
  for (const user of [alice, bob, eve]) await world.control.openHome({ user })
  await homeOf(bob, /Nothing waits for you/)
  const talk = talkIn(world, channels[0] ?? '')
  const run = await talk.begin('alice', 'tiny up tiny small', '/crew')

  const waits = await homeOf(bob, new RegExp(`waiting for approval.*${run.id}`))
  expect(waits.words).toMatch(/\[Approve\] \[Reject\]/)
  expect(waits.words).toContain('1 to add')
  expect(waits.words).toMatch(/\*tiny\*:.*locked by/)
  expect(waits.words).toContain('https://crew.example.com/runs?key=')
  expect(actionsIn(waits.view).map(({ action_id }) => action_id)).toEqual(['judgment.approve', 'judgment.reject'])
  const mine = await homeOf(alice, new RegExp(`Your executions[\\s\\S]*${run.id}`))
  expect(mine.words).toContain('Nothing waits for you')
  const { words } = await homeOf(eve, /What you may type/)
  expect(words).not.toContain(run.id)
  expect(words).not.toContain('Environments')

  const page = await openedAs('Bob')
  if (process.env.SCREENSHOTS === '1') {
    mkdirSync(join(repository, 'docs/images'), { recursive: true })
    await page.screenshot({ path: join(repository, 'docs/images/home.png') })
  }
  await page.locator('button.bk-button', { hasText: 'Approve' }).last().click()
  await talk.sees(run, /\*succeeded\*/)
  const after = await homeOf(bob, /\*tiny\*: 🟢 up.*size `small`.*left/)
  expect(after.words).toContain('Nothing waits for you')
  await homeOf(alice, /None of yours is open/)
  await page.close()
})

test('a judgment is rejected from a home, with a reason, and leaves it', async () => {
  const { bob } = people
  const talk = talkIn(world, channels[0] ?? '')
  const run = await talk.begin('alice', 'tiny up other small', '/crew')
  await homeOf(bob, new RegExp(`Waiting for your judgment[\\s\\S]*${run.id}`))
  const page = await openedAs('Bob')
  await page.locator('button.bk-button', { hasText: 'Reject' }).last().click()
  await page.locator('.modal textarea, .modal input').last().fill('not today')
  await page.locator('.modal button', { hasText: 'Reject' }).click()
  expect(await talk.sees(run, /\*rejected\*/)).toContain('not today')
  await homeOf(bob, /Nothing waits for you/)
  await page.close()
})
