import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BuildRecord } from '../../src/tools/packer.ts'
import {
  artifactsOf,
  beginBuild,
  buildArgv,
  failureText,
  initArgv,
  packerEnvironment,
  packerVersion,
  progressText,
  readLine,
  readManifest,
  recordLine,
  uiText,
} from '../../src/tools/packer.ts'

/** Lines and manifests that Packer 1.6.6 wrote: two builders (null with a script, file). */
const recorded = (name: string) => readFileSync(join(import.meta.dirname, '../cases/packer', name), 'utf8')

function recordOf(name: string): BuildRecord {
  const lines = recorded(name)
    .split('\n')
    .flatMap((line) => readLine(line) ?? [])
  return lines.reduce(recordLine, beginBuild())
}

describe('a line of -machine-readable', () => {
  test('is time, target, type and data, with comma and line breaks put back', () => {
    expect(readLine('1,,ui,say,==> a.null.b: one%!(PACKER_COMMA) two\\nthree\\r')).toEqual({
      target: '',
      type: 'ui',
      data: ['say', '==> a.null.b: one, two\nthree\r'],
    })
    expect(readLine('1795208000,app.file.app,artifact,0,file,0,out/x.img')).toEqual({
      target: 'app.file.app',
      type: 'artifact',
      data: ['0', 'file', '0', 'out/x.img'],
    })
  })

  test('says something to people only where it is of the type ui', () => {
    expect(uiText({ target: '', type: 'ui', data: ['say', 'hello'] })).toBe('hello')
    expect(uiText({ target: 'a', type: 'artifact', data: ['0', 'end'] })).toBeNull()
  })

  test('is nothing of ours when Packer crashed', () => {
    expect(readLine('panic: interface conversion: interface {} is nil, not string')).toBeNull()
    expect(readLine('')).toBeNull()
  })
})

describe('the record of a build', () => {
  test('has the builders that finished', () => {
    const { builders, interrupted } = recordOf('succeeded.txt')
    expect(builders.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['app.file.app', 'finished'],
      ['app.null.app', 'finished'],
    ])
    expect(interrupted).toBe(false)
  })

  test('names the step that failed, why, and what it said last', () => {
    const record = recordOf('failed.txt')
    expect(record.builders.find(({ state }) => state === 'errored')?.name).toBe('app.null.app')
    expect(failureText(record)).toBe(
      'app.null.app failed in s.sh: Script exited with non-zero exit status: 4. Allowed exit codes are: [0]\nstart, 1\noops',
    )
  })

  test('of a template that is refused is what Packer said about it', () => {
    expect(failureText(recordOf('refused.txt'))).toMatch(/Unset variable "manifest"/)
  })

  test('that was interrupted and cleaned up says so', () => {
    expect(recordOf('canceled.txt')).toMatchObject({ interrupted: true, clean: true })
    expect(recordOf('succeeded.txt').clean).toBe(false)
  })

  test('keeps what the builders said between the interrupt and the end', () => {
    const said = [
      '1,,ui,say,==> amazon-ebs: Waiting for instance (i-1) to become ready...',
      '1,,ui,error,Cancelling build after receiving interrupt',
      '1,,ui,say,==> amazon-ebs: Terminating the source AWS instance...',
      '1,,ui,say,==> amazon-ebs: Deleting temporary keypair...',
      "1,,ui,error,Build 'amazon-ebs' errored: Build was cancelled.",
      '1,,ui,say,Cleanly cancelled builds after being interrupted.',
    ]
    const record = said.flatMap((line) => readLine(line) ?? []).reduce(recordLine, beginBuild())
    expect(record.cleaned).toEqual(['Terminating the source AWS instance...', 'Deleting temporary keypair...'])
    expect(record).toMatchObject({ clean: true, builders: [{ name: 'amazon-ebs', state: 'errored' }] })
  })

  test('tells how far it is', () => {
    const lines = recorded('succeeded.txt').split('\n').slice(0, 4)
    const record = lines.flatMap((line) => readLine(line) ?? []).reduce(recordLine, beginBuild())
    expect(progressText(record)).toMatch(/^\d of 2 builds done; \S/)
  })
})

describe('the manifest', () => {
  test('gives an artifact for each builder', () => {
    const artifacts = artifactsOf(readManifest(recorded('manifest.json')))
    expect(artifacts).toHaveLength(2)
    expect(artifacts).toContainEqual({
      builder: 'file.app',
      id: 'File',
      region: null,
      files: [{ name: 'out/x.img', size: 9 }],
    })
    expect(artifacts).toContainEqual({ builder: 'null.app', id: 'Null', region: null, files: [] })
  })

  test('counts only the last run, since Packer appends to it', () => {
    const manifest = readManifest(recorded('manifest-appended.json'))
    expect(manifest.builds.length).toBe(4)
    expect(artifactsOf(manifest)).toHaveLength(2)
  })

  test('gives an artifact for each region of a cloud builder', () => {
    const build = { name: 'app', builder_type: 'amazon-ebs', files: null, packer_run_uuid: 'u' }
    const builds = [{ ...build, artifact_id: 'ap-northeast-1:ami-1,eu-west-1:ami-2' }]
    const found = artifactsOf(readManifest(JSON.stringify({ builds, last_run_uuid: 'u' })))
    expect(found.map(({ builder, region, id }) => [builder, region, id])).toEqual([
      ['amazon-ebs.app', 'ap-northeast-1', 'ami-1'],
      ['amazon-ebs.app', 'eu-west-1', 'ami-2'],
    ])
  })

  test.each(['', '{"builds":[]}', '[]'])('that is none is refused: %s', (text) => {
    expect(() => readManifest(text)).toThrow(/manifest cannot be read/)
  })
})

describe('arguments and environment', () => {
  test('variables are single arguments, and no name becomes an option', () => {
    expect(buildArgv('.', { version: '1; rm -rf /', debug: true })).toEqual([
      '-machine-readable',
      'build',
      '-color=false',
      '-var',
      'version=1; rm -rf /',
      '-var',
      'debug=true',
      '.',
    ])
    expect(() => buildArgv('.', { '-force': 1 })).toThrow(/cannot be the name of a Packer variable/)
  })

  test('init is for 1.7 and later, and for HCL only', () => {
    expect(initArgv('.', '1.6.6')).toBeNull()
    expect(initArgv('.', '1.7.0')).toEqual(['init', '.'])
    expect(initArgv('.', '1.14.2')).toEqual(['init', '.'])
    expect(initArgv('template.json', '1.14.2')).toBeNull()
  })

  test('only what is listed is inherited, and nothing that changes what is run may be passed', () => {
    const inherit = { SLACK_BOT_TOKEN: 'xoxb', TZ: 'UTC', HOME: '/root' }
    const env = packerEnvironment({ path: '/bin', home: '/home', inherit, pass: { AWS_PROFILE: 'ops' } })
    expect(env).toMatchObject({ TZ: 'UTC', AWS_PROFILE: 'ops', HOME: '/home', CHECKPOINT_DISABLE: '1' })
    expect(env).not.toHaveProperty('SLACK_BOT_TOKEN')
    expect(() => packerEnvironment({ path: '', home: '', pass: { PACKER_LOG: '1' } })).toThrow(/PACKER_LOG may not/)
  })

  test('the version is read, and what is no Packer is refused', async () => {
    const env = { PATH: process.env.PATH ?? '', CHECKPOINT_DISABLE: '1' }
    expect(await packerVersion('packer', env)).toMatch(/^\d+\.\d+\.\d+/)
    await expect(packerVersion('true', env)).rejects.toThrow(/Expected `true version` to name a version of Packer/)
    await expect(packerVersion('no-packer', env)).rejects.toThrow(/Expected the program `no-packer`/)
  })
})
