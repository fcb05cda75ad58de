import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { playbookNamed } from '../core/ansible/named.ts'
import { milliseconds } from '../core/duration.ts'
import { reference } from '../core/reference.ts'
import { stageFile } from '../core/stage/files.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../core/workflow.ts'
import type { Host, PlaybookFiles } from '../tools/ansible.ts'
import { errorIn, inventoryText, isHost, playbookArgv, playbookEnv, readRecap } from '../tools/ansible.ts'
import { outcomeOf } from './ansible-outcome.ts'
import { consulOf } from './consul.ts'
import { given, misfit, plain, wished } from './given.ts'
import { tailOf } from './stream.ts'
import { maskFor } from './workplace.ts'

const input = z.strictObject({
  /** One of the playbooks of the site. */
  playbook: z.string(),
  /** The id of one instance, where it shall run on no other. */
  limit: z.union([z.string(), reference]).optional(),
  /** Values for the variables that the site says it takes. */
  with: wished,
})
type Input = z.infer<typeof input>

const planned = z.object({
  name: z.string(),
  playbook: z.string(),
  service: z.string(),
  tag: z.string().nullable(),
  vars: z.record(z.string(), plain),
  takes: z.record(z.string(), z.string()),
  pass: z.array(z.string()),
  secrets: z.array(z.string()),
  timeout: z.string(),
  // By a reference anything may come: what is no text is the name of no instance.
  limit: z
    .json()
    .transform((found) => (typeof found === 'string' ? found : JSON.stringify(found)))
    .optional(),
  with: given,
})
type Planned = z.infer<typeof planned>

const count = z.number()

/** Sums over all hosts, and the names of those on which it failed. */
const output = z.object({
  ...{ hosts: z.array(z.string()), failed: z.array(z.string()) },
  ...{ ok: count, changed: count, failures: count, unreachable: count, skipped: count },
  files: z.array(z.string()).optional(),
})

/**
 * Runs a playbook that the site lists with `ansible-playbook`, at most once, on the passing instances of a service in Consul. What it did on which
 * host is read from the JSON of our own callback, never from its text.
 */
export const ansibleKind: StageKind<Input> = {
  kind: 'ansible',
  input,
  repeatable: false,
  forcible: true,
  output,
  plan({ playbook: name, with: values, limit }, { site }) {
    const { playbook, service, tag = null, vars, takes, pass, secrets, timeout } = playbookNamed(site, name)
    for (const key of Object.keys(values)) {
      if (!Object.hasOwn(takes, key))
        throw new Error(`The playbook ${name} takes no \`${key}\` (playbooks.${name}.takes).`)
    }
    const fixed = { name, playbook, service, tag, vars: { ...vars }, takes: { ...takes }, timeout }
    return { ...fixed, pass: [...pass], secrets: [...secrets], with: values, ...(limit === undefined ? {} : { limit }) }
  },
  run: (fields, context) => runPlaybook(planned.parse(fields), context),
}

async function runPlaybook(play: Planned, context: RunContext): Promise<Outcome> {
  const { directory, inherit, adopted } = context
  const files: PlaybookFiles = {
    inventory: join(directory, 'inventory.yml'),
    variables: join(directory, 'variables.json'),
    recap: join(directory, 'recap.json'),
    temporary: join(directory, 'ansible'),
  }
  const refused = adopted ? null : await prepare(play, files, context)
  if (refused) return { kind: 'failed', error: refused }
  const mask = maskFor(
    context,
    play.secrets.flatMap((name) => inherit[name] ?? []),
  )
  const say = (line: string) => context.log(line, mask)
  const onLine = (line: string) => {
    say(line)
    if (/^(PLAY|TASK|RUNNING HANDLER) /.test(line))
      context.progress(
        mask(line)
          .replace(/[ *]+$/, '')
          .slice(0, 200),
      )
  }
  const spec = {
    argv: playbookArgv(play.playbook, files, play.limit ?? null),
    cwd: directory,
    env: environmentOf(play, files, context),
  }
  const end = await context.process({ ...spec, timeout: milliseconds(play.timeout) }, onLine, say)
  const [out, err] = await Promise.all([tailOf(end.out), tailOf(end.err)])
  const log = stageFile({ id: context.stage, kind: 'ansible' }, 'log.txt')
  await context.artifacts.put(log, Buffer.from(mask([out, err].filter(Boolean).join('\n'))))
  return outcomeOf(play, end, {
    recap: await readRecap(files.recap),
    log,
    asked: context.signal.aborted,
    host: context.host,
    said: mask(errorIn(`${err}\n${out}`)),
  })
}

/** Why it is not run, or null once all of its files are written. */
async function prepare(play: Planned, files: PlaybookFiles, context: RunContext): Promise<string | null> {
  const { name, service, tag, limit } = play
  const wrong = misfit(play.with, play.takes)
  if (wrong) return `The playbook ${name} was not run: ${wrong}`
  const template = Object.entries(play.with).find(([, value]) => /\{[{%#]/.test(String(value)))
  if (template)
    return `The playbook ${name} was not run: \`${template[0]}\` has a template in it ({{, {% or {#), which Ansible would run on this worker.`
  const found = (await consulOf(context).instances(service)).filter(
    (each) => each.status === 'passing' && !each.maintenance && (tag === null || each.tags.includes(tag)),
  )
  const hosts: Host[] = found.map(({ id, host, port }) => ({ name: id, address: host, port }))
  const what = `${service}${tag === null ? '' : ` with the tag ${tag}`}`
  if (hosts.length === 0) return `The playbook ${name} was not run: no instance of ${what} passes.`
  const odd = hosts.find((host) => !isHost(host))
  if (odd) return `The playbook ${name} was not run: an instance of ${what} has a name or an address that no host has.`
  if (new Set(hosts.map((host) => host.name)).size !== hosts.length)
    return `The playbook ${name} was not run: two instances of ${what} have the same id.`
  if (limit !== undefined && !hosts.some((host) => host.name === limit))
    return `The playbook ${name} was not run: ${limit.slice(0, 100)} is no passing instance of ${what}.`
  await mkdir(files.temporary, { recursive: true, mode: 0o700 })
  await writeFile(files.inventory, inventoryText(hosts, play), { mode: 0o600 })
  await writeFile(files.variables, JSON.stringify(play.with), { mode: 0o600 })
  return null
}

/** Only what the site lists: nothing else of the worker's environment reaches it. */
function environmentOf({ pass, secrets }: Planned, files: PlaybookFiles, context: RunContext): Record<string, string> {
  const { inherit } = context
  const passed = [...pass, ...secrets].flatMap((name) => (inherit[name] ? [[name, inherit[name]]] : []))
  return {
    PATH: inherit.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: inherit.HOME ?? context.directory,
    ...Object.fromEntries(passed),
    ...playbookEnv(files),
  }
}

/** A playbook in a workflow: `ansible({ playbook: 'web', with: { version: '1.4' } })`. */
export function ansible({ playbook, limit, with: values, ...shape }: Shape & z.input<typeof input>): StageDraft {
  const more = { ...(limit === undefined ? {} : { limit }), ...(values ? { with: values } : {}) }
  return { kind: ansibleKind.kind, input: { playbook, ...more }, ...shape }
}
