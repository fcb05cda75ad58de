import { nearest } from '../core/command/suggest.ts'
import { shown } from '../core/text.ts'
import { UserError } from '../errors.ts'
import type { Takes } from './options.ts'

type Verb = { readonly usage: string; readonly summary: string; readonly takes: Takes }

const takes = (words: Takes['words'], ...options: Takes['options'][number][]): Takes => ({ words, options })

/** Every verb but `help`, in the order in which a newcomer needs them. */
export const verbs = {
  plan: {
    usage: 'plan [--as U01ALICE] [--site FILE] [--json] "loadtest up small"',
    summary: 'Print the execution that the bot would store. Needs no server and changes nothing.',
    takes: takes('line', 'as', 'site', 'json'),
  },
  summarize: {
    usage: 'summarize [--site FILE] [--json] FILE|-',
    summary: 'Summarize what `terraform show -json PLAN` prints, from a file or from standard input.',
    takes: takes('own', 'site', 'json'),
  },
  shell: {
    usage: 'shell [--as U01ALICE] [--site FILE]',
    summary: 'The bot in this terminal: messages as text, buttons by number. Needs Redis.',
    takes: takes('own', 'as', 'site'),
  },
  run: {
    usage: 'run [--as U01ALICE] [--site FILE] "loadtest up small"',
    summary: 'Ask the bot; print its answer, or the id of the execution. Needs Redis.',
    takes: takes('line', 'as', 'site'),
  },
  list: {
    usage: 'list [--open] [--limit 10]',
    summary: 'The latest executions: short for `run runs list`.',
    takes: takes('passed', 'as', 'site'),
  },
  show: {
    usage: 'show ID',
    summary: 'One execution: short for `run runs show`.',
    takes: takes('passed', 'as', 'site'),
  },
  cancel: {
    usage: 'cancel ID',
    summary: 'Cancel an execution: short for `run runs cancel`.',
    takes: takes('passed', 'as', 'site'),
  },
  doctor: {
    usage: 'doctor [--site FILE] [--json]',
    summary: 'Check settings, tokens and servers, and say what to do about each.',
    takes: takes('own', 'site', 'json'),
  },
  notify: {
    usage: 'notify --channel C01OPS -- terraform plan|apply ...',
    summary:
      "Run Terraform in any CI and post the summary that the bot would show, from its JSON; ends with Terraform's exit code.",
    takes: takes('passed'),
  },
  audit: {
    usage:
      'audit verify [--file F] [--json] | audit show [--who U01ALICE] [--env NAME] [--run ID] [--since 24h] [--limit 50] [--file F]',
    summary: 'Whether every line of the audit is there, unchanged and in order; or what it says.',
    takes: takes('passed', 'json'),
  },
  check: {
    usage:
      'check vault-audit --file F --once [--json] [--exclude role_name=X] [--prefix TEXT] [--warning 10] [--critical failedLogin=100] | check token-expiry [--settings monitors.yml] [--json]',
    summary:
      "Count denied requests in Vault's audit file, or look at what expires; exit code 0, 1 or 2 as check scripts have it.",
    takes: takes('passed', 'json'),
  },
  inventory: {
    usage: 'inventory --list | --host NAME [--passing] [--dc DC] [--partial] [--site FILE]',
    summary:
      "Ansible's inventory from Consul, as script/inventory gives it. Without a datacenter there is none, or with --partial the rest. Needs Consul only.",
    takes: takes('passed', 'site'),
  },
} as const satisfies Record<string, Verb>

export type VerbName = keyof typeof verbs

export function isVerb(name: string): name is VerbName {
  return Object.hasOwn(verbs, name)
}

/** How to call one verb, or all of them. */
export function usageOf(name?: VerbName): string {
  if (name) return `Usage: crew ${verbs[name].usage}\n${verbs[name].summary}`
  const list = Object.values(verbs).map(({ usage, summary }) => `  crew ${usage}\n      ${summary}`)
  return [
    'Usage: npm run crew -- <verb> [options]',
    '',
    ...list,
    '',
    "--as works in the demo's site only; everybody else acts as shell:<unix user>, who never approves.",
    'Settings come from .demo/env and .env, or from the environment. Exit codes: 0 done, 1 a server failed, 2 refused.',
  ].join('\n')
}

/** Throws the refusal of a verb that does not exist, with those that may have been meant. */
export function unknownVerb(name: string): never {
  const near = nearest(name, [...Object.keys(verbs), 'help']).map((verb) => `\`crew ${verb}\``)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Write `crew help` to see what there is.'
  throw new UserError(
    `${shown(name)} is no verb of crew. ${hint} A command of the bot stands behind \`plan\` or \`run\`.`,
  )
}
