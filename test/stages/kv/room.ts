import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Actor } from '../../../src/core/actor.ts'
import type { Site } from '../../../src/core/site.ts'
import { siteSchema } from '../../../src/core/site.ts'
import { kvNamed } from '../../../src/core/target.ts'
import type { Fields, Outcome, RunContext } from '../../../src/core/workflow.ts'
import { kvAdoptKind, kvApplyKind, kvDriftKind, kvPlanKind } from '../../../src/stages/kv.ts'
import { run } from '../../../src/tools/run.ts'
import type { ConsulAgent } from '../../consul.ts'
import { written } from '../../core/sample-site.ts'

const kinds = { plan: kvPlanKind, apply: kvApplyKind, drift: kvDriftKind, adopt: kvAdoptKind }

export type Room = ReturnType<typeof roomFor>

/** A source in a folder of its own, and the stages of settings run on it as a worker would, against a real Consul. */
export function roomFor(consul: Pick<ConsulAgent, 'url' | 'json'>, settings: Record<string, unknown> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'groundcrew-kv-'))
  const folder = join(dir, 'source')
  mkdirSync(folder)
  const kept = new Map<string, Uint8Array>()
  const artifacts = new Map<string, Uint8Array>()
  let site = siteOf(folder, settings)
  let runs = 0
  const variables: Record<string, string> = { PATH: process.env.PATH ?? '', CONSUL_HTTP_ADDR: consul.url }

  function contextOf(
    stage: string,
    given: Partial<RunContext> & { outputs?: Record<string, Fields> } = {},
  ): RunContext {
    const { outputs = {}, ...more } = given
    const directory = join(dir, `run-${runs++}`)
    mkdirSync(directory)
    const kv = kvNamed(site, 'app')
    const passed = Object.fromEntries(kv.pass.flatMap((name) => (variables[name] ? [[name, variables[name]]] : [])))
    const digest = String(outputs['kv.plan']?.digest ?? '')
    const context: Partial<RunContext> = {
      execution: `x${runs}`,
      line: 'kv apply app',
      stage,
      attempt: 1,
      kv,
      site,
      directory,
      inherit: variables,
      passed,
      secrets: Object.values(passed),
      output: (id) => outputs[id] ?? missing(id),
      approved: () => [digest],
      approvedBy: (): Actor[] => [carol],
      artifacts: {
        get: async (name) => artifacts.get(name) ?? missing(name),
        put: async (name, content) => void artifacts.set(name, content),
      },
      kept: {
        get: async (name) => kept.get(name) ?? null,
        put: async (name, content) => void kept.set(name, content),
        drop: async (name) => void kept.delete(name),
      },
      run,
      progress: () => {},
      signal: new AbortController().signal,
      now: () => Date.UTC(2026, 10, 20, 20, 0) + runs * 60_000,
      ...more,
    }
    return context as RunContext
  }

  const stage = async (name: keyof typeof kinds, fields: Fields = {}, given: Parameters<typeof contextOf>[1] = {}) => {
    const { run: runs } = kinds[name]
    if (!runs) throw new Error(`${name} is run by nobody`)
    return runs(fields, contextOf(`kv.${name}`, given))
  }

  const plan = (fields: Fields = { applies: true }) => stage('plan', fields).then(outputOf)
  const apply = (output: Fields, given: Partial<RunContext> = {}) =>
    stage('apply', { plan: 'kv.plan' }, { outputs: { 'kv.plan': output }, ...given })

  return {
    folder,
    variables,
    kept,
    plan,
    apply,
    stage,
    /** Plans, and applies that as if somebody had approved it. */
    async sync(): Promise<Outcome> {
      const output = await plan()
      return output.needsApply === true ? apply(output) : { kind: 'skipped', why: 'nothing to do' }
    },
    drift: () => stage('drift').then(outputOf),
    adopt: () => stage('adopt').then(outputOf),
    /** A file of the source; null takes it away. */
    file(name: string, content: string | null): void {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      if (content === null) rmSync(path)
      else writeFileSync(path, content)
    },
    settings(next: Record<string, unknown>): void {
      site = siteOf(folder, next)
    },
    text: (name: string) => Buffer.from(artifacts.get(name) ?? missing(name)).toString('utf8'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

export const carol: Actor = { kind: 'slack', team: 'T01TEAM', user: 'U03CAROL' }

function siteOf(folder: string, settings: Record<string, unknown>): Site {
  const app = {
    source: folder,
    hub: 'dc1',
    spokes: ['dc2'],
    prefixes: ['config/app/'],
    approvers: ['approvers'],
    ...settings,
  }
  return siteSchema.parse({ ...written, kv: { app } })
}

export function outputOf(outcome: Outcome): Fields {
  if (outcome.kind === 'skipped' || !outcome.output) throw new Error(`It gave nothing: ${JSON.stringify(outcome)}`)
  return outcome.output
}

export function errorOf(outcome: Outcome): string {
  if (outcome.kind !== 'failed') throw new Error(`It did not fail: ${outcome.kind}`)
  return outcome.error
}

export const linesOf = (output: Fields, field: 'lines' | 'parts' | 'conflicts' = 'lines') => output[field] as string[]

/** All keys below a prefix of a datacenter, as text. */
export async function keysOf(
  consul: Pick<ConsulAgent, 'ask'>,
  dc: string,
  prefix = '',
): Promise<Record<string, string>> {
  const answer = await consul.ask('GET', `/v1/kv/${prefix}?recurse&dc=${dc}`)
  if (answer.status === 404) return {}
  const rows = (await answer.json()) as { Key: string; Value: string | null }[]
  return Object.fromEntries(rows.map(({ Key, Value }) => [Key, Buffer.from(Value ?? '', 'base64').toString('utf8')]))
}

/** Somebody else writes a key. */
export async function put(consul: Pick<ConsulAgent, 'url'>, dc: string, key: string, value: string): Promise<void> {
  const answer = await fetch(`${consul.url}/v1/kv/${key}?dc=${dc}`, { method: 'PUT', body: value })
  if (!answer.ok) throw new Error(`${key} was not written: ${answer.status}`)
}

export async function drop(consul: Pick<ConsulAgent, 'url'>, dc: string, key: string, recurse = false): Promise<void> {
  await fetch(`${consul.url}/v1/kv/${key}?dc=${dc}${recurse ? '&recurse' : ''}`, { method: 'DELETE' })
}

function missing(what: string): never {
  throw new Error(`There is no ${what}.`)
}
