import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { siteSchema } from '../../src/core/site.ts'
import type { Fields, StageKind } from '../../src/core/workflow.ts'
import { createArtifacts } from '../../src/engine/artifacts.ts'
import { jenkins, jenkinsKind } from '../../src/stages/jenkins.ts'
import { site, written } from '../core/sample-site.ts'
import { bob } from '../core/world.ts'
import { executionOf, KEY, only, ready, runnerOf, stageNow, workerOf } from '../engine/kinds.ts'
import { until, useRedis } from '../engine/redis.ts'
import { startJenkinsStandIn } from '../fixtures/jenkins-stand-in.ts'

const here = useRedis()
const kinds = new Map([['jenkins', jenkinsKind as unknown as StageKind]])
const SECRETS = { JENKINS_USER: 'bot', JENKINS_TOKEN: '11token22' }
let ci: Awaited<ReturnType<typeof startJenkinsStandIn>>
beforeEach(async () => {
  ci = await startJenkinsStandIn()
})
afterEach(() => ci.stop())

const runner = (id = 'w1', variables: object = SECRETS) =>
  runnerOf(here, workerOf(id), { kinds, variables: { PATH: process.env.PATH ?? '', ...variables } })

/** The job as the only stage of an execution, looked at often. */
async function job(settings: object = {}, given: Record<string, string> = {}, more: Fields = {}) {
  const base = { url: ci.job, user: 'JENKINS_USER', token: 'JENKINS_TOKEN', takes: { VERSION: '[0-9.]+' } }
  const site_ = {
    ...site,
    jenkins: siteSchema.parse({ ...written, jenkins: { deploy: { ...base, ...settings } } }).jenkins,
  }
  const input = jenkinsKind.plan(jenkinsKind.input.parse(jenkins({ job: 'deploy', with: given }).input), {
    site: site_,
    environment: null,
  })
  return ready(here, only('jenkins', { ...input, poll: 20, ...more }))
}
const outcome = async () => (await stageNow(here)).outcome
const log = async () =>
  Buffer.from(await createArtifacts(here.redis, here.keys, KEY).of('r1').get('one-log.txt')).toString()
const queued = () => until(() => ci.items.length > 0)

test('it is started with its parameters and its mark, followed through queue and build, and its log is kept', async () => {
  const hint = await job({ parameters: { REGION: 'eu' } }, { VERSION: '1.4' })
  const end = runner().start(hint)
  await queued()
  const build = ci.begin('one\nresult: {"kind":"built"}\ntw')
  expect(build.parameters).toEqual({ REGION: 'eu', VERSION: '1.4', GROUNDCREW_EXECUTION: 'r1-one-1' })
  build.console += 'o with 11token22\n'
  build.result = 'SUCCESS'
  await end
  expect(await outcome()).toEqual({
    kind: 'succeeded',
    output: { result: 'SUCCESS', number: 1, url: `${ci.job}/1/`, files: ['one-log.txt'] },
  })
  expect(await log()).toMatch(
    /in the queue of Jenkins as 40\n[\s\S]*build 1 began: .*\n\| one\n\| result: .*\n\| two with \*\*\*/,
  )
})

test.each([
  ['SUCCESS', {}, 'succeeded', undefined],
  ['UNSTABLE', {}, 'failed', /ended with UNSTABLE/],
  ['UNSTABLE', { unstable: true }, 'succeeded', undefined],
  ['FAILURE', { unstable: true }, 'failed', /Build 1 of deploy ended with FAILURE/],
  ['NOT_BUILT', {}, 'failed', /ended with NOT_BUILT/],
  ['ABORTED', {}, 'failed', /was aborted/],
])('%s with %j counts as %s', async (result, settings, kind, why) => {
  const end = runner().start(await job(settings))
  await queued()
  ci.begin().result = result
  await end
  const found = await outcome()
  expect(found?.kind).toBe(kind)
  if (why) expect(found?.kind === 'failed' && found.error).toMatch(why)
})

describe('canceled', () => {
  const cancel = async (worker: ReturnType<typeof runner>) => {
    await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: false })
    await worker.obey('r1')
  }

  test('in the queue, it is taken out of it', async () => {
    const worker = runner()
    const end = worker.start(await job())
    await queued()
    await cancel(worker)
    await end
    expect([ci.items[0]?.cancelled, (await outcome())?.kind]).toEqual([true, 'canceled'])
  })

  test('while it is built, it is stopped, and its end is waited for', async () => {
    const worker = runner()
    const end = worker.start(await job())
    await queued()
    const build = ci.begin()
    await until(async () => (await here.redis.exists(here.keys.execution('r1'))) === 1)
    await cancel(worker)
    await end
    expect([build.result, (await outcome())?.kind]).toEqual(['ABORTED', 'canceled'])
  })
})

test('what does not end in its time is stopped and has failed', async () => {
  const end = runner().start(await job({ timeout: '1s' }))
  await queued()
  ci.begin()
  await end
  expect(await outcome()).toMatchObject({
    kind: 'failed',
    error: expect.stringMatching(/did not end within 1s and was stopped/),
  })
})

describe('at most once', () => {
  test('a start that was not answered is looked for and followed', async () => {
    ci.state.mood = 'silent'
    const end = runner().start(await job())
    await queued()
    ci.begin().result = 'SUCCESS'
    await end
    expect([ci.state.starts, (await outcome())?.kind]).toEqual([1, 'succeeded'])
  })

  test('another worker on the machine follows what the first one started', async () => {
    const first = runner()
    const end = first.start(await job())
    await queued()
    const adopting = runner('w2').adopt(await executionOf(here), await stageNow(here))
    await until(async () => (await stageNow(here)).worker?.id === 'w2')
    ci.begin().result = 'SUCCESS'
    await Promise.all([end, adopting])
    expect([ci.state.starts, (await outcome())?.kind]).toEqual([1, 'succeeded'])
  })

  test('where the program that followed it was killed, it is found by its mark and followed', async () => {
    const worker = runner()
    const end = worker.start(await job())
    await queued()
    const build = ci.begin()
    await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: false })
    await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: true })
    build.result = 'SUCCESS'
    await worker.obey('r1')
    await end
    expect([ci.state.starts, (await outcome())?.kind]).toEqual([1, 'succeeded'])
  })

  test('where Jenkins has none of it, nobody knows', async () => {
    const worker = runner()
    const end = worker.start(await job())
    await queued()
    ci.items.splice(0)
    await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: false })
    await here.store.tell('r1', { type: 'cancel', by: bob, why: '', force: true })
    await worker.obey('r1')
    await end
    expect(await outcome()).toMatchObject({
      kind: 'unknown',
      why: expect.stringMatching(/has no build of it.*Look at deploy/),
    })
  })
})

test('a Jenkins that is away for a while ends nothing', async () => {
  const end = runner().start(await job())
  await queued()
  const build = ci.begin()
  ci.state.mood = 'down'
  build.result = 'SUCCESS'
  await new Promise((resolve) => setTimeout(resolve, 200))
  ci.state.mood = 'well'
  await end
  expect(await outcome()).toMatchObject({ kind: 'succeeded' })
})

describe('nothing is started', () => {
  test('by a user who may not', async () => {
    ci.state.mood = 'forbidden'
    await runner().start(await job())
    expect(await outcome()).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/deploy was not started\. .* answered 403/),
    })
  })

  test('with a wrong token, which is in no message', async () => {
    await runner('w1', { JENKINS_USER: 'bot', JENKINS_TOKEN: 'wrong-token' }).start(await job())
    expect(await outcome()).toMatchObject({ kind: 'failed', error: expect.stringMatching(/answered 401/) })
    expect(`${JSON.stringify(await executionOf(here))}${await log()}`).not.toContain('wrong-token')
  })

  test('where Jenkins does not answer', async () => {
    ci.state.mood = 'down'
    await runner().start(await job())
    expect(await outcome()).toMatchObject({
      kind: 'failed',
      error: expect.stringMatching(/was not started\. .*does not answer/),
    })
    expect(ci.state.starts).toBe(0)
  })

  test('without its token', async () => {
    await runner('w1', {}).start(await job())
    expect(await outcome()).toMatchObject({
      error: 'JENKINS_USER and JENKINS_TOKEN not set on builder-1; nothing was started.',
    })
  })

  test('with a value that the site does not allow', async () => {
    await runner().start(await job({}, { VERSION: '1; rm -rf' }))
    expect(await outcome()).toMatchObject({ error: expect.stringMatching(/`VERSION` has a value that does not fit/) })
    expect(ci.state.starts).toBe(0)
  })
})

describe('refused', () => {
  const base = { url: 'https://ci.example.com/job/a', user: 'JENKINS_USER', token: 'JENKINS_TOKEN' }
  const said = (settings: object) =>
    siteSchema.safeParse({ ...written, jenkins: { deploy: { ...base, ...settings } } }).error?.issues[0]?.message

  test.each([
    [{}, undefined],
    [{ url: 'https://ci.example.com/jenkins/job/folder/job/a/' }, undefined],
    [{ url: 'https://ci.example.com/a' }, /address of a job/],
    [{ url: 'https://me:pw@ci.example.com/job/a' }, /address of a job/],
    [{ url: 'https://ci.example.com/job/a?x=1' }, /address of a job/],
    [{ token: '11token22' }, /name of an environment variable/],
    [{ takes: { GROUNDCREW_EXECUTION: '.*' } }, /sets GROUNDCREW_EXECUTION/],
  ])('%j, in the site', (settings, why) =>
    why ? expect(said(settings)).toMatch(why) : expect(said(settings)).toBeUndefined(),
  )

  test.each([
    ['https://ci.example.com/view/all/job/a/', 'https://ci.example.com/job/a/'],
    [
      'https://ci.example.com/jenkins/view/My%20one/view/x/job/a/view/y/job/b',
      'https://ci.example.com/jenkins/job/a/job/b',
    ],
    ['https://ci.example.com/job/view/job/a', 'https://ci.example.com/job/view/job/a'],
    ['https://ci.example.com/job/größe & co/job/main%2Fx', 'https://ci.example.com/job/größe & co/job/main%2Fx'],
  ])('nothing of %s but the views that somebody came by', (url, kept) =>
    expect(siteSchema.parse({ ...written, jenkins: { deploy: { ...base, url } } }).jenkins.deploy?.url).toBe(kept),
  )

  test('what the site does not list, and a parameter that the job does not take', async () => {
    const plan = (input: object) => jenkinsKind.plan(jenkinsKind.input.parse(input), { site, environment: null })
    expect(() => plan({ job: 'nobody' })).toThrow(/There is no job `nobody`/)
    await expect(job({}, { OTHER: '1' })).rejects.toThrow(/takes no `OTHER`/)
  })
})

test('a Jenkins with a certificate of a private authority is believed as the worker believes it', async () => {
  const [key, cert] = [join(here.dir, 'key.pem'), join(here.dir, 'cert.pem')]
  const subject = ['-subj', '/CN=jenkins', '-addext', 'subjectAltName=IP:127.0.0.1']
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '5', ...subject]
  execFileSync('openssl', args, { stdio: 'ignore' })
  const plain = new URL(ci.job)
  const front = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    const behind = connect(Number(plain.port), '127.0.0.1').on('error', () => socket.destroy())
    socket.on('error', () => behind.destroy()).pipe(behind)
    behind.pipe(socket)
  })
  await once(front.listen(0, '127.0.0.1'), 'listening')
  try {
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}${plain.pathname}`
    const end = runner('w1', { ...SECRETS, NODE_EXTRA_CA_CERTS: cert }).start(await job({ url }))
    await Promise.race([queued(), end])
    expect(await outcome()).toBe(null)
    ci.begin().result = 'SUCCESS'
    await end
    expect(await outcome()).toMatchObject({ kind: 'succeeded' })
  } finally {
    front.close()
  }
})
