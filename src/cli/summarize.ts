import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { createMask } from '../core/mask.ts'
import type { PlanSummary } from '../core/plan.ts'
import { describePlanned, headline, isRisky, readPlanText, secretsOf, summarizePlan } from '../core/plan.ts'
import type { Site } from '../core/site.ts'
import { UserError } from '../errors.ts'
import { clean } from '../slack/limits.ts'
import { fileFor } from './file.ts'
import { dryRunSite } from './places.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/** `summarize`: a plan in numbers and words, with everything masked that it or the site calls secret. */
export async function summarizeVerb(given: Given): Promise<Ended> {
  const [file, ...more] = given.words
  if (file === undefined || file === '' || more.length > 0) {
    const came = more.length > 0 ? `${given.words.length} files came` : 'none came'
    throw new UserError(`\`crew summarize\` reads one file, or - for standard input; ${came}.\n${usageOf('summarize')}`)
  }
  const site = await dryRunSite(given)
  const plan = readPlanText(await contentOf(given, file))
  const summary = summarizePlan(plan)
  if (given.options.json) return { out: JSON.stringify(numbersOf(summary), null, 2), code: 0 }
  const mask = createMask([...secretsOf(plan), ...secretsIn(site, given.env)])
  return { out: clean(mask(linesOf(summary).join('\n'))), code: 0 }
}

async function contentOf({ env }: Given, file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin)
  const path = fileFor(env, file)
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = REASONS[cause.code ?? ''] ?? cause.message
    throw new UserError(`${path} cannot be read: ${why}.`, { cause })
  })
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
}

function numbersOf(summary: PlanSummary) {
  const { add, change, destroy, replace, forget, move, read, outputs, drift, deposed, needsApply, errored } = summary
  const { import: imported } = summary
  return {
    add,
    change,
    destroy,
    replace,
    forget,
    move,
    import: imported,
    read,
    outputs,
    drift,
    deposed,
    needsApply,
    errored,
  }
}

/** The headline, then one line for each change (`!`: to be looked at), each output and each drift. */
function linesOf(summary: PlanSummary): string[] {
  const outputs = summary.outputChanges.map(({ name, action }) => `  output ${name}: ${action}`)
  const drifted = summary.drifted.map(({ address, action }) => `  changed outside Terraform: ${address} (${action})`)
  const changes = summary.changes.map((change) => `${isRisky(change) ? '!' : ' '} ${describePlanned(change)}`)
  return [headline(summary), ...changes, ...outputs, ...drifted]
}

function secretsIn(site: Site, env: Given['env']): string[] {
  const names = Object.values(site.environments).flatMap(({ secrets }) => secrets)
  return names.flatMap((name) => env[name] ?? [])
}
