import { z } from 'zod'
import { type Account, askAs, Refusal } from './ask.ts'

/** A build of a job. `timestamp` is when it began, in milliseconds since 1970: with the number it is known also where a job was made anew. */
export type Build = {
  readonly number: number
  /** How it ended; null while it goes on. */
  readonly result: string | null
  readonly timestamp: number
  readonly parameters: Readonly<Record<string, string>>
}

const build = z.object({
  number: z.number().int(),
  result: z.string().nullish(),
  building: z.boolean().nullish(),
  timestamp: z.number().nullish(),
  actions: z
    .array(
      z
        .object({ parameters: z.array(z.object({ name: z.string(), value: z.unknown() }).nullable()).nullish() })
        .nullable(),
    )
    .nullish(),
})
const builds = z.array(build)
/** A job has at least one of the two lists, however often it was built; what is none (a folder, a page of somebody else) has neither. */
const list = z
  .object({ builds: builds.optional(), allBuilds: builds.optional() })
  .refine((found) => found.builds !== undefined || found.allBuilds !== undefined)

const FIELDS = 'number,result,building,url,timestamp,actions[parameters[name,value]]'
const LIMIT_MS = 5_000

/** So many builds at once. */
export const PAGE = 50

/**
 * Reads the builds of a job, the newest first (https://www.jenkins.io/doc/book/using/remote-access-api/, and `/api` of any Jenkins about `tree`).
 * Both throw a `NoAnswer` or a `Refusal`.
 */
export function buildsOf(account: Account, { job, stop }: { readonly job: string; readonly stop?: AbortSignal }) {
  const place = job.replace(/\/$/, '')
  const { json } = askAs(account, { limitMs: LIMIT_MS, ...(stop ? { stop } : {}) })
  return {
    /** A page of them. `builds` has no more than the newest 100, which `allBuilds` has too, at a higher price. */
    async page(from: number): Promise<Build[]> {
      const tree = `${from === 0 ? 'builds' : 'allBuilds'}[${FIELDS}]{${from},${from + PAGE}}`
      const found = await json(`${place}/api/json?tree=${encodeURIComponent(tree)}`, list)
      if (!found) throw new Refusal(`There is no job at ${new URL(place).pathname}, or it is not shown to this user.`)
      return (found.builds ?? found.allBuilds ?? []).map(buildOf)
    },
    /** Null where there is none any more. */
    async build(number: number): Promise<Build | null> {
      const found = await json(`${place}/${number}/api/json?tree=${encodeURIComponent(FIELDS)}`, build)
      return found && buildOf(found)
    },
  }
}

export type Builds = ReturnType<typeof buildsOf>

function buildOf({ number, result, building, timestamp, actions }: z.infer<typeof build>): Build {
  const given = (actions ?? []).flatMap((action) => action?.parameters ?? [])
  const pairs = given.flatMap((each) => (each ? [[each.name, textOf(each.value)] as const] : []))
  return {
    number,
    // Some kinds of jobs know their result before their last steps are done.
    result: building === true ? null : (result ?? null),
    timestamp: timestamp ?? 0,
    parameters: Object.fromEntries(pairs),
  }
}

/** A parameter may be a boolean or a number; what else there is (files, secrets) goes into no line. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
