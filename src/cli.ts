import { readArguments } from './cli/options.ts'
import type { Ended, RunVerb } from './cli/verb.ts'
import { endOf } from './cli/verb.ts'
import type { VerbName } from './cli/verbs.ts'
import { isVerb, unknownVerb, usageOf, verbs } from './cli/verbs.ts'

/** Loaded only when it is called: what needs no server starts without the code for one. */
const runs: Record<VerbName, () => Promise<RunVerb>> = {
  plan: async () => (await import('./cli/plan.ts')).planVerb,
  summarize: async () => (await import('./cli/summarize.ts')).summarizeVerb,
  shell: async () => (await import('./cli/shell.ts')).shellVerb,
  run: async () => (await import('./cli/run.ts')).runVerb,
  list: async () => (await import('./cli/run.ts')).shorthandVerb('list'),
  show: async () => (await import('./cli/run.ts')).shorthandVerb('show'),
  cancel: async () => (await import('./cli/run.ts')).shorthandVerb('cancel'),
  doctor: async () => (await import('./cli/doctor.ts')).doctorVerb,
  notify: async () => (await import('./cli/notify.ts')).notifyVerb,
  audit: async () => (await import('./cli/audit.ts')).auditVerb,
  check: async () => (await import('./cli/check.ts')).checkVerb,
  inventory: async () => (await import('./cli/inventory.ts')).inventoryVerb,
}

/** Process 4: the same core without Slack. */
async function main([name = 'help', ...argv]: readonly string[]): Promise<Ended> {
  if (['help', '--help', '-h'].includes(name)) {
    const [topic = ''] = argv
    return { out: usageOf(isVerb(topic) ? topic : undefined), code: 0 }
  }
  if (!isVerb(name)) return unknownVerb(name)
  const { options, words } = readArguments(name, verbs[name].takes, argv)
  if (options.help) return { out: usageOf(name), code: 0 }
  return (await runs[name]())({ options, words, env: process.env })
}

/** Whoever reads our output may stop reading (`crew list | head -1`): that is no fault. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

const { out, err, code } = await main(process.argv.slice(2)).catch(endOf)
if (err) process.stderr.write(`${err.trimEnd()}\n`)
process.stdout.write(out ? `${out.trimEnd()}\n` : '', () => process.exit(code))
