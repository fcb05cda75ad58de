import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadtest, stacks } from './site.ts'
import { talkIn } from './talk.ts'
import { startWorld, type World } from './world.ts'

const SECRET = 'correct-horse/battery+staple'

let world: World

beforeAll(async () => {
  const loud = { stack: stacks.loud, sizes: { small: {} }, secrets: ['TF_VAR_api_token'] }
  world = await startWorld({
    environments: { loud, failing: { ...loud, variables: { fails: true } }, loadtest: { ...loadtest } },
    variables: () => ({ TF_VAR_api_token: SECRET }),
  })
})
afterAll(() => world.stop())

/** Each form in which a secret might come through. */
const forms = [
  SECRET,
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString('base64'),
  'battery+staple',
  'correct-horse',
]

test('a secret and a ping in what Terraform prints reach neither a message nor a file', async () => {
  const talk = talkIn(world, 'C00ROOM')
  const files: string[] = []
  for (const [environment, end] of [
    ['loud', 'succeeded'],
    ['failing', 'failed'],
  ]) {
    const run = await talk.begin('alice', `tiny up ${environment} small`)
    expect(await talk.sees(run, /\*waiting for approval\*/)).toContain('&lt;!channel&gt; &amp; &lt;@U02BOB&gt;')
    files.push(await talk.file(run, 'plan.txt'))
    await talk.press('carol', 'judgment.approve', run)
    await talk.sees(run, new RegExp(`\\*${end}\\*`))
    await talk.closing(run)
    files.push(await talk.file(run, 'apply-log.txt'))
  }
  await talk.type('alice', 'runs list')

  const seen = JSON.stringify(await talk.all())
  for (const form of forms) {
    expect(seen).not.toContain(form)
    for (const file of files) expect(file).not.toContain(form)
    expect(JSON.stringify(await world.control.log())).not.toContain(form)
    for (const { log } of [...world.bots, ...world.workers]) expect(log()).not.toContain(form)
  }
  expect(seen).not.toMatch(/<!(channel|here|everyone)/)
  expect(seen).not.toMatch(/<@U02BOB>/)
  expect(files.join()).toContain('token=***')
  expect(files.join()).toContain('<!channel>')
})
