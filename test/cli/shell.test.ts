import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { completer } from '../../src/cli/completion.ts'
import { loadCommands } from '../../src/commands.ts'
import { readSite } from '../../src/config/site.ts'
import { createCatalog } from '../../src/core/command.ts'
import { crew, openShell } from './crew.ts'
import { startServers, startWorker } from './servers.ts'

const root = join(import.meta.dirname, '../..')
let servers: Awaited<ReturnType<typeof startServers>>
let stopWorker = async () => {}
const shells: ReturnType<typeof openShell>[] = []

function shell(...args: string[]) {
  const opened = openShell(args, { env: servers.env })
  shells.push(opened)
  return opened
}

beforeAll(async () => {
  servers = await startServers()
  stopWorker = await startWorker(servers.env)
})
afterAll(async () => {
  for (const opened of shells) opened.kill()
  await stopWorker()
  await servers.stop()
})

const me = `shell:${userInfo().username}`

describe('the shell', { timeout: 120_000 }, () => {
  test('does the main job: asks, shows the plan, refuses the asker, and applies what somebody else approves', async () => {
    const talk = shell('--as', 'U01ALICE')
    await talk.hears(/crew> /)
    talk.type('loadtest up small')
    await talk.hears(/Stored as \w+/)
    await talk.hears(/waiting for approval: loadtest up small[\s\S]*6 to add[\s\S]*\[\d\] Approve/)
    talk.type(talk.numberOf('Approve'))
    await talk.hears(/@U01ALICE asked for this, so somebody else has to judge it/)
    talk.type('as U02BOB')
    await talk.hears(/@U02BOB, who has engineers, approvers/)
    talk.type(talk.numberOf('Approve'))
    await talk.hears(/applying: loadtest up small/)
    await talk.hears(/succeeded: loadtest up small/)
    talk.type('loadtest status')
    await talk.hears(/loadtest-app: 2 of 2 passing/)

    talk.type(talk.numberOf('Extend'))
    await talk.hears(/stays up until/)
    talk.type('as me')
    await talk.hears(new RegExp(`${me}.*never approves`))
    talk.type('loadtest down')
    await talk.hears(/waiting for approval: loadtest down/)
    talk.type(talk.numberOf('Approve'))
    await talk.hears(/somebody else has to judge it|never from a shell/)
    talk.type('as U03CAROL')
    await talk.hears(/@U03CAROL/)
    talk.type(talk.numberOf('Approve'))
    await talk.hears(/succeeded: loadtest down/)
    talk.type('exit')
    expect(await talk.end()).toBe(0)
    expect(talk.erred()).toBe('')
  })

  test('asks for the reason of a rejection, and takes none that is empty', async () => {
    const talk = shell('--as', 'U01ALICE')
    talk.type('loadtest up small')
    await talk.hears(/waiting for approval/)
    talk.type(talk.numberOf('Reject'))
    await talk.hears(/asked for this/)
    talk.type('as U02BOB')
    await talk.hears(/@U02BOB/)
    talk.type(talk.numberOf('Reject'))
    await talk.hears(/Why\?/)
    talk.type('')
    await talk.hears(/Not rejected/)
    talk.type(talk.numberOf('Reject'))
    await talk.hears(/Why\?/)
    talk.type('not today')
    await talk.hears(/rejected: loadtest up small[\s\S]*not today/)
    talk.type('7')
    await talk.hears(/no button 7/)
    expect(await talk.end()).toBe(0)
  })

  test('cancels by button, and `run`, `list`, `show` and `cancel` ask the same crew', async () => {
    const { env } = servers
    const talk = shell()
    await talk.hears(/crew> /)
    const begun = await crew(['run', '--as', 'U01ALICE', 'loadtest up medium'], { env })
    expect(begun).toMatchObject({ code: 0 })
    const id = begun.stdout.trim()
    expect(id).toMatch(/^\w{8}$/)
    await talk.hears(/waiting for approval: loadtest up medium/)
    const [open, one, refused] = await Promise.all([
      crew(['list', '--open'], { env }),
      crew(['show', id], { env }),
      crew(['run', '--as', 'U04EVE', `runs show ${id}`], { env }),
    ])
    expect(open.stdout).toMatch(new RegExp(`^${id} .*loadtest up medium by @U01ALICE`))
    expect(one.stdout).toMatch(/terraform\.plan.*succeeded/)
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/no role here/) })
    talk.type(talk.numberOf('Cancel'))
    await talk.hears(/canceled: loadtest up medium/)
    expect(await talk.end()).toBe(0)
    const again = await crew(['run', 'loadtest up medium'], { env })
    expect(await crew(['cancel', again.stdout.trim()], { env })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/is canceled|asked to stop/),
    })
    expect((await crew(['show', 'nothing-like-it'], { env })).stderr).toMatch(/There is no execution `nothing-like-it`/)
  })

  test('takes the lines of a pipe one after the other, answers each, and ends with the last', async () => {
    const input = ['who', 'help', '', 'lodtest up', 'loadtest up', 'as U99', 'as', 'as me', 'whoami'].join('\n')
    const { code, stdout, stderr } = await crew(['shell'], { env: servers.env, input })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const order = [
      `Who acts here is ${me}, who has engineers and never approves`,
      'loadtest up <size>',
      'a number presses the button',
      'Did you mean loadtest up?',
      'Usage: loadtest up <size>',
      '@U99, who has no role',
      'one user id, such as',
      `You are ${me}`,
    ].map((text) => stdout.indexOf(text))
    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((one, other) => one - other))
  })

  test("lets nobody act as somebody else outside the demo's site", async () => {
    const env = { ...servers.env, GROUNDCREW_SITE: join(root, 'groundcrew.yml') }
    const { stdout } = await crew(['shell'], { env, input: 'as U01ALICE\nwho\n' })
    expect(stdout).toMatch(/possible in the demo's site only/)
    expect(stdout).toContain(`Who acts here is ${me}`)
    expect(await crew(['shell', '--as', 'U01ALICE'], { env })).toMatchObject({ code: 2, stdout: '' })
  })

  test('completes commands, values, people and its own words', async () => {
    const site = await readSite(join(root, 'examples/site/groundcrew.yml'))
    const tab = completer({ site, catalog: createCatalog(await loadCommands([join(root, 'commands')]), site) })
    expect(tab('loadtest up ')[0]).toEqual(expect.arrayContaining(['small', 'medium', 'large']))
    expect(tab('load')).toEqual([['loadtest '], 'load'])
    expect(tab('as U02')).toEqual([['U02BOB '], 'U02'])
    expect(tab('wh')[0]).toEqual(['who', 'whoami'])
    expect(tab('ex')[0]).toEqual(['exit '])
  })
})
