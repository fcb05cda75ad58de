import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../examples/demo/parts.ts'
import { actionsOf } from '../../examples/demo/slack-control.ts'
import { channels, people, stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

let world: World

const { alice, bob, carol, eve } = people
const rights = [{ commands: ['tiny *', 'runs *', 'env *'] }]
const roles = {
  engineers: { members: [alice], may: rights },
  sre: { members: [bob, eve], may: [] },
  data: { members: [bob, carol], may: [] },
}

beforeAll(async () => {
  const approvers = ['sre', 'data']
  const names = ['two', 'each', 'stop', 'many', 'fast', 'late', 'back']
  world = await startWorld((dir) => ({
    environments: {
      ...Object.fromEntries(names.map((name) => [name, { approvers }])),
      hand: { approvers: ['data'] },
      anew: { approvers, stack: copied(dir) },
      owned: { approvers, stack: { git: 'infra.git', ref: ownedRepository(dir), path: 'stacks/tiny' } },
      none: { approvers, stack: { git: 'infra.git', ref: 'unowned', path: 'stacks/tiny' } },
    },
    sections: { roles, codeowners: { teams: { '@acme/data': 'data' }, users: { '@eve': eve } } },
  }))
})
afterAll(() => world.stop())

/** A stack that somebody changes meanwhile. */
function copied(dir: string): string {
  cpSync(stacks.tiny, join(dir, 'edited'), { recursive: true })
  return join(dir, 'edited')
}

/** A repository whose stack Eve owns, and a branch where nobody does. */
function ownedRepository(dir: string): string {
  const infra = join(dir, 'infra')
  const git = (...words: string[]) => execFileSync('git', ['-C', infra, ...words], { env: GIT })
  cpSync(stacks.tiny, join(infra, 'stacks/tiny'), { recursive: true })
  const owners = (text: string) => writeFileSync(join(infra, 'CODEOWNERS'), text)
  execFileSync('git', ['init', '-q', '-b', 'main', infra], { env: GIT })
  const commit = () => [git('add', '-A'), git('commit', '-q', '-m', 'a change')]
  owners('* @acme/data\n/stacks/ @acme/data\n/stacks/tiny/ @eve # she knows it\n')
  commit()
  git('checkout', '-q', '-b', 'unowned')
  owners('* @acme/data\n/stacks/tiny/\n')
  commit()
  execFileSync('git', ['clone', '-q', '--bare', infra, join(dir, 'infra.git')], { env: GIT })
  return 'main'
}

const GIT = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...{ GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.com' },
  ...{ GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'ann@example.com' },
}

async function waiting(room: number, line: string) {
  const talk = talkIn(world, channels[room] ?? '')
  const run = await talk.begin('alice', `tiny judge ${line}`)
  const words = await talk.sees(run, /\*waiting for approval\*/)
  return { talk, run, words }
}

describe.concurrent('a judgment', () => {
  test('two of three: the same choice of two, and the branch of the other one is left out', async () => {
    const { talk, run, words } = await waiting(0, 'two small --count 2')
    expect(words).toMatch(/📋 Look at the graphs first\./)
    expect(words).toMatch(/👥 0 of 2 approvals/)
    expect(words).toMatch(/\[10 %\] \[all\] \[stop\]/)
    await talk.press('bob', 'judgment.approve.0', run)
    const one = await talk.sees(run, /👥 `10 %`: 1 of 2 approvals, by <@U02BOB>/)
    expect(one).toMatch(/\*waiting for approval\*/)
    expect(await talk.answered('bob', () => talk.press('bob', 'judgment.approve.0', run))).toMatch(
      /approved this already\. 1 of 2 approvals/,
    )
    await talk.press('carol', 'judgment.approve.1', run)
    await talk.sees(run, /`all`: 1 of 2 approvals, by <@U03CAROL>/)
    await talk.press('carol', 'judgment.approve.0', run)
    const over = await talk.sees(run, /^✅ \*succeeded\*/)
    expect(over).toMatch(/`judgment` approved with `10 %`/)
    expect(over).toMatch(/✅ `tenth` succeeded/)
    expect(over).toMatch(/⏭️ `terraform.apply` skipped: `judgment.choice` is not all/)
    expect(over).toMatch(/✅ `last` succeeded/)
    expect(over).toMatch(/Approved \(`all`\) by <@U03CAROL>.*\(no longer counts: `chosen anew`\)/)
  })

  test('one of sre and one of data: two of the same role are not enough', async () => {
    const { talk, run, words } = await waiting(1, 'each small --each')
    expect(words).toMatch(/👥 0 of 2 approvals; missing: one of `sre` and one of `data`/)
    await talk.press('eve', 'judgment.approve.1', run)
    await talk.sees(run, /`all`: 1 of 2 approvals, by <@U04EVE>; missing: one of `data`/)
    expect(await talk.answered('alice', () => talk.press('alice', 'judgment.approve.1', run))).toMatch(/asked for this/)
    await talk.press('bob', 'judgment.approve.1', run)
    const over = await talk.sees(run, /^✅ \*succeeded\*/)
    expect(over).toMatch(/✅ `terraform.apply` succeeded/)
    expect(over).toMatch(/⏭️ `tenth` skipped/)
  })

  test('stop needs a reason, and ends it as rejected', async () => {
    const { talk, run } = await waiting(2, 'stop small --count 2')
    await talk.press('bob', 'judgment.approve.1', run)
    await talk.sees(run, /1 of 2/)
    await talk.press('carol', 'judgment.reject.2', run)
    await waitFor(async () => (await world.control.modals()).length > 0, { what: 'the form' })
    const values = { reason: { value: { type: 'plain_text_input', value: 'the graphs are red' } } }
    expect((await world.control.submitView({ user: carol, values })).errors).toEqual({})
    const over = await talk.sees(run, /^⛔ \*rejected\*/)
    expect(over).toMatch(/Rejected \(`stop`\) by <@U03CAROL>.*`the graphs are red`/)
    expect(over).not.toMatch(/`terraform.apply` succeeded/)
  })

  test('more choices than buttons are a list', async () => {
    const { talk, run } = await waiting(3, 'many small --many')
    const message = await talk.message(run)
    const actions = actionsOf(message)
    const list = actions.find(({ type }) => type === 'static_select') as unknown as {
      action_id: string
      block_id: string
      options: { text: { text: string }; value: string }[]
    }
    expect(list.options.map(({ text }) => text.text)).toEqual(['10 %', '20 %', '30 %', '40 %', 'all'])
    expect(actions.map(({ action_id }) => action_id)).toContain('judgment.reject')
    const selected_option = list.options.at(-1)
    const action = { type: 'static_select', action_id: list.action_id, block_id: list.block_id, selected_option }
    await world.control.press({ user: bob, channel: talk.channel, messageTs: message.ts, action })
    const over = await talk.sees(run, /^✅ \*succeeded\*/)
    expect(over).toMatch(/approved with `all`/)
  })

  test('two who click at once both count', async () => {
    const { talk, run } = await waiting(4, 'fast small --count 2 --yes')
    const drawn = await talk.message(run)
    await Promise.all([
      talk.pressOn('bob', 'judgment.approve', drawn),
      talk.pressOn('carol', 'judgment.approve', drawn),
      talk.pressOn('bob', 'judgment.approve', drawn),
    ])
    const over = await talk.sees(run, /^✅ \*succeeded\*/)
    expect(over.match(/Approved by/g)).toHaveLength(2)
  })

  test('one of two in time is not enough: it expires, which is no rejection', async () => {
    const { talk, run } = await waiting(6, 'late small --count 2 --yes --within 6s')
    await talk.press('bob', 'judgment.approve', run)
    const over = await talk.sees(run, /^⌛ \*expired\*/)
    expect(over).toMatch(/Not enough approvals came until .* It had 1 of 2 approvals\. That is not a rejection/)
    expect(over).not.toMatch(/rejected/)
  })

  test('is withdrawn by who asked, and by nobody else; the lock is free', async () => {
    const { talk, run } = await waiting(7, 'back small --yes --remind 2s')
    const reminded = await waitFor(
      async () => (await talk.thread(run)).find(({ text }) => text.includes('waits for approval until')),
      { what: 'the reminder', within: '20s' },
    )
    expect(reminded.text).toMatch(/^⏰ `tiny judge back small.*<@U02BOB>/)
    expect(reminded.text).not.toContain('U01ALICE')
    expect(await talk.answered('bob', () => talk.press('bob', 'judgment.withdraw', run))).toMatch(/Only who asked/)
    await talk.press('alice', 'judgment.withdraw', run)
    const over = await talk.sees(run, /^↩️ \*withdrawn\*/)
    expect(over).toContain('<@U01ALICE> withdrew it')
    expect(await talk.buttons(run)).toEqual([])
    expect((await talk.closing(run)).text).toMatch(/^↩️ withdrawn/)
    expect(await talk.type('alice', 'env show back')).not.toContain('locked')
  })

  test('is given only by who owns the stack, as its repository says at the commit that is planned', async () => {
    const { talk, run, words } = await waiting(5, 'owned small --yes --owners')
    expect(words).toMatch(/🗂️ Only owners of `stacks\/tiny` \(CODEOWNERS\): <@U04EVE>/)
    expect(await talk.answered('carol', () => talk.press('carol', 'judgment.approve', run))).toMatch(
      /<@U03CAROL> does not own `stacks\/tiny`/,
    )
    await talk.press('eve', 'judgment.approve', run)
    expect(await talk.sees(run, /^✅ \*succeeded\*/)).toContain('Approved by <@U04EVE>')
  })

  test('falls with all of its approvals when the plan is made anew: both have to approve again', async () => {
    const { talk, run } = await waiting(9, 'anew small --count 2 --yes')
    await talk.press('bob', 'judgment.approve', run)
    await talk.sees(run, /1 of 2 approvals/)
    const change = '\nresource "terraform_data" "more" {}\n'
    appendFileSync(join(world.dir, 'edited/main.tf'), change)
    await talk.press('carol', 'judgment.approve', run)
    const again = await talk.sees(run, /👥 0 of 2 approvals/)
    expect(again.match(/no longer counts/g)).toHaveLength(2)
    expect(again).toMatch(/2 to add/)
    await talk.press('bob', 'judgment.approve', run)
    await talk.sees(run, /👥 1 of 2 approvals, by <@U02BOB>/)
    expect(await talk.status(run)).toBe('waiting for approval')
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, /^✅ \*succeeded\*/)
  })

  test('is not asked where nobody owns the stack: that is never open to everybody', async () => {
    const talk = talkIn(world, channels[6] ?? '')
    const run = await talk.begin('alice', 'tiny judge none small --yes --owners')
    const over = await talk.sees(run, /^❌ \*failed\*/)
    expect(over).toMatch(/CODEOWNERS names no owner for `stacks\/tiny`\. Nobody could approve this/)
  })

  test('is handed over to a person by name, who is no approver', async () => {
    const { talk, run } = await waiting(8, 'hand small --yes --delegate')
    expect(await talk.answered('alice', () => talk.press('alice', 'judgment.delegate', run))).toMatch(/asked for this/)
    await talk.press('carol', 'judgment.delegate', run)
    const form = async () =>
      (await world.control.modals()).some(({ callback_id }) => callback_id === 'judgment.delegate')
    await waitFor(form, { what: 'the form' })
    const to = (selected_user: string) => ({ to: { value: { type: 'users_select', selected_user } } })
    const asker = await world.control.submitView({ user: carol, values: to(alice) })
    expect(asker.errors.to).toMatch(/asked for this/)
    expect((await world.control.submitView({ user: carol, values: to(eve) })).errors).toEqual({})
    const handed = await talk.sees(run, /handed the right to judge this to/)
    expect(handed).toMatch(/<@U03CAROL> handed the right to judge this to/)
    expect(await talk.answered('carol', () => talk.press('carol', 'judgment.approve', run))).toMatch(/You handed the/)
    await talk.press('eve', 'judgment.approve', run)
    const over = await talk.sees(run, /^✅ \*succeeded\*/)
    expect(over).toContain('Approved by <@U04EVE> for <@U03CAROL>')
  })
})
