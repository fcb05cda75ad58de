import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UserError } from '../../../src/errors.ts'
import { fetchTree, resolveRef } from '../../../src/tools/git/fetch.ts'
import { run } from '../../../src/tools/run.ts'

const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-git-'))
const bare = join(scratch, 'infra.git')
const work = join(scratch, 'work')
const commits: string[] = []

const identity = {
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
  GIT_CONFIG_NOSYSTEM: '1',
  HOME: scratch,
}
const git = (cwd: string, ...words: string[]) => execa('git', words, { cwd, env: identity })

/** Stores files as a commit and gives its id. */
async function commit(files: Record<string, string>, cwd = work): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), content)
  }
  await git(cwd, 'add', '-A')
  await git(cwd, 'commit', '-q', '-m', 'a change')
  return (await git(cwd, 'rev-parse', 'HEAD')).stdout
}

beforeAll(async () => {
  await git(scratch, 'init', '-q', '--bare', '-b', 'main', bare)
  await git(scratch, 'clone', '-q', bare, work)
  await git(work, 'checkout', '-q', '-b', 'main')
  commits.push(await commit({ 'stacks/web/main.tf': '# one\n', 'run.sh': '#!/bin/sh\n' }))
  await git(work, 'tag', 'light')
  await git(work, 'tag', '-a', '-m', 'with words', 'v1')
  commits.push(await commit({ 'stacks/web/main.tf': '# between\n' }))
  commits.push(await commit({ 'stacks/web/main.tf': '# two\n' }))
  await git(work, 'push', '-q', 'origin', 'main', '--tags')
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const given = { env: { PATH: process.env.PATH ?? '', HOME: scratch }, run, mask: (text: string) => text }
let count = 0
const folder = () => join(scratch, `fetched-${count++}`)
const fetched = async (ref: string, from = bare) => {
  const to = folder()
  const id = await fetchTree({ git: from, ref }, to, given)
  return { id, main: readFileSync(join(to, 'stacks/web/main.tf'), 'utf8'), to }
}

describe('a ref is fetched as its commit', () => {
  test('by branch, by either kind of tag and by full name', async () => {
    expect(await fetched('main')).toMatchObject({ id: commits[2], main: '# two\n' })
    expect(await fetched('v1')).toMatchObject({ id: commits[0], main: '# one\n' })
    expect(await fetched('light')).toMatchObject({ id: commits[0] })
    expect(await fetched('refs/tags/v1')).toMatchObject({ id: commits[0] })
    expect(await fetched('refs/heads/main', `file://${bare}`)).toMatchObject({ id: commits[2] })
  })

  test('by full id, also one that no ref names any more', async () => {
    expect(await fetched(commits[1] ?? '')).toMatchObject({ id: commits[1], main: '# between\n' })
  })

  test('and leaves nothing of git behind', async () => {
    const { to } = await fetched('main')
    expect(existsSync(join(to, '.git'))).toBe(false)
  })

  test('from a server that gives out only what a ref names', async () => {
    await git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'false')
    const old = {
      ...given,
      env: { ...given.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'protocol.version', GIT_CONFIG_VALUE_0: '0' },
    }
    const to = folder()
    expect(await fetchTree({ git: bare, ref: commits[1] ?? '' }, to, old)).toBe(commits[1])
    expect(readFileSync(join(to, 'stacks/web/main.tf'), 'utf8')).toBe('# between\n')
  })

  test('with no hook and no filter of the repository run', async () => {
    const noted = join(scratch, 'ran')
    const hooks = join(scratch, 'hooks')
    mkdirSync(hooks)
    writeFileSync(join(hooks, 'post-checkout'), `#!/bin/sh\ntouch ${noted}\n`, { mode: 0o755 })
    const env = { ...given.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.hooksPath', GIT_CONFIG_VALUE_0: hooks }
    await fetchTree({ git: bare, ref: 'main' }, folder(), { ...given, env })
    expect(existsSync(noted)).toBe(false)
  })
})

describe('what is refused, with what to do', () => {
  const refused = async (source: { git: string; ref: string }, said: RegExp) => {
    const failure = fetchTree(source, folder(), given)
    await expect(failure).rejects.toThrow(UserError)
    await expect(failure).rejects.toThrow(said)
  }

  test('a ref that is not there, and a commit cut short', async () => {
    await refused({ git: bare, ref: 'nowhere' }, /has no branch and no tag `nowhere`\.$/)
    await refused({ git: bare, ref: (commits[0] ?? '').slice(0, 8) }, /needs its full id of 40 digits/)
    await refused({ git: bare, ref: 'f'.repeat(40) }, /gives no commit f{40}/)
  })

  test('a repository that is not there', () =>
    refused({ git: join(scratch, 'gone'), ref: 'main' }, /gone cannot be read: .*/))

  test('a branch and a tag of the same name', async () => {
    await git(work, 'push', '-q', 'origin', 'main:refs/heads/twice', 'main:refs/tags/twice')
    await refused({ git: bare, ref: 'twice' }, /a branch and a tag `twice`\. Write refs\/heads\/twice/)
    expect(await resolveRef({ git: bare, ref: 'refs/tags/twice' }, given)).toBe(commits[2])
  })

  test('a submodule', async () => {
    await git(work, 'checkout', '-q', '-b', 'sub')
    await git(work, 'update-index', '--add', '--cacheinfo', `160000,${commits[0]},modules/net`)
    await git(work, 'commit', '-q', '-m', 'a submodule')
    await git(work, 'push', '-q', 'origin', 'sub')
    await refused({ git: bare, ref: 'sub' }, /has the submodule `modules\/net`/)
    await git(work, 'checkout', '-q', '-f', 'main')
  })

  test('a file in Git LFS', async () => {
    await git(work, 'checkout', '-q', '-b', 'lfs')
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'
    await commit({ 'stacks/web/image.bin': pointer })
    await git(work, 'push', '-q', 'origin', 'lfs')
    await refused({ git: bare, ref: 'lfs' }, /keeps `stacks\/web\/image\.bin` in Git LFS/)
    await git(work, 'checkout', '-q', '-f', 'main')
  })

  test('what git says goes through the mask', async () => {
    const mask = (text: string) => text.replaceAll('gone', '***')
    const failure = fetchTree({ git: '/nowhere/gone-place', ref: 'main' }, folder(), { ...given, mask })
    await expect(failure).rejects.toThrow(/cannot be read: .*\*\*\*-place/)
  })
})
