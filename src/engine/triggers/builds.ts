import type { Redis } from 'ioredis'
import { MARK } from '../../core/jenkins/settings.ts'
import type { Site } from '../../core/site.ts'
import type { OnJenkins } from '../../core/trigger/on.ts'
import { UserError } from '../../errors.ts'
import { type Build, type Builds, buildsOf, PAGE } from '../../tools/jenkins/builds.ts'
import type { Keys } from '../keys.ts'
import type { Found, Looked } from './found.ts'
import { type Mark, markOf } from './mark.ts'
import type { Place } from './seen.ts'

export type BuildLooks = {
  readonly site: Pick<Site, 'jenkins'>
  readonly redis: Redis
  readonly keys: Keys
  /** Of this process' environment. */
  readonly variable: (name: string) => string | undefined
  readonly stop?: AbortSignal
}

/** Where more ended between two looks, the oldest of them are lost, and that is said. */
const MOST_PAGES = 10
/** Of those that went on so many are followed after they fell behind the first page. */
const MOST_OPEN = 50

/**
 * The builds of a job that are over and were not before. Those that are older than what was looked at last are not new, also where they come
 * into sight again because newer ones were deleted. Throws where Jenkins cannot be asked.
 */
export async function lookAtBuilds(looks: BuildLooks, on: OnJenkins, place: Place): Promise<Looked> {
  const builds = buildsAs(looks, on)
  const kept = markOf(looks, place)
  const before = await kept.read()
  const { rows, all } = await newer(builds, before)
  const sighted = new Set(rows.map(({ number }) => number))
  const behind = (before?.open ?? []).filter((number) => !sighted.has(number))
  const asked = await Promise.all(behind.map((number) => builds.build(number)))
  const candidates = [...rows, ...asked.filter((each) => each !== null)]
    .filter((build) => isNew(build, before))
    .toSorted(byTime)
  const latest = rows.toSorted(byTime).at(-1)
  return {
    found: candidates.filter(({ result }) => result !== null).map((build) => foundOf(on, build, place)),
    saw: latest ? `its latest build is ${latest.number}, ${latest.result ?? 'which goes on'}` : 'it has no build yet',
    ...(all || !before ? {} : { lost: `more than ${MOST_PAGES * PAGE} builds of ${on.jenkins} between two looks` }),
    async done(left) {
      const open = candidates.filter((build) => build.result === null || left.has(idOf(build, place)))
      const next = {
        number: latest?.number ?? before?.number ?? 0,
        timestamp: Math.max(before?.timestamp ?? 0, latest?.timestamp ?? 0),
        open: open.map(({ number }) => number).slice(-MOST_OPEN),
      }
      if (JSON.stringify(next) !== JSON.stringify(before)) await kept.write(next)
    },
  }
}

function buildsAs({ site, variable, stop }: BuildLooks, on: OnJenkins): Builds {
  const settings = Object.hasOwn(site.jenkins, on.jenkins) ? site.jenkins[on.jenkins] : undefined
  if (!settings) throw new UserError(`There is no job ${on.jenkins} under jenkins in the site.`)
  const [user, token] = [variable(settings.user), variable(settings.token)]
  const missing = [...(user ? [] : [settings.user]), ...(token ? [] : [settings.token])]
  if (!user || !token)
    throw new UserError(`${missing.join(' and ')} not set where the bot runs; the site names them for ${on.jenkins}.`)
  return buildsOf({ user, token }, { job: settings.url, ...(stop ? { stop } : {}) })
}

/** All of them down to what was looked at before, the newest first. `all`: none was left out. */
async function newer(builds: Builds, before: Mark | null): Promise<{ rows: Build[]; all: boolean }> {
  const rows: Build[] = []
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await builds.page(page * PAGE)
    rows.push(...found)
    const reached = found.length < PAGE || found.some((build) => !isLater(build, before))
    // What was there before the first look starts nothing, so that nothing further down is looked for.
    if (reached || !before) return { rows: distinct(rows), all: true }
  }
  return { rows: distinct(rows), all: false }
}

/** One that began while the pages were read pushes the others down, so that the last of a page comes again. */
function distinct(rows: readonly Build[]): Build[] {
  return [...new Map(rows.map((build) => [`${build.number}:${build.timestamp}`, build])).values()]
}

/** A job that was made anew counts from 1 again, and a clock may be put back: either number or time says that it is later. */
function isLater({ number, timestamp }: Build, before: Mark | null): boolean {
  return !before || number > before.number || timestamp > before.timestamp
}

function byTime(one: Build, other: Build): number {
  return one.timestamp - other.timestamp || one.number - other.number
}

function isNew(build: Build, before: Mark | null): boolean {
  return isLater(build, before) || before?.open.includes(build.number) === true
}

/** With the address of the job: the same number is another build elsewhere. */
function idOf({ number, timestamp }: Build, { what }: Place): string {
  return `${what}/${number}:${timestamp}`
}

function foundOf(on: OnJenkins, build: Build, place: Place): Found {
  const result = build.result ?? ''
  const passed = whyPassed(on, build)
  return {
    id: idOf(build, place),
    ready: true,
    what: `build ${build.number}, ${result}`,
    // What the trigger itself gives goes over a parameter of that name.
    values: { ...build.parameters, job: on.jenkins, number: String(build.number), result },
    ...(passed ? { passed } : {}),
  }
}

function whyPassed(on: OnJenkins, { result, parameters }: Build): string | null {
  if (!on.result.some((each) => each === result)) return `It waits for ${on.result.join(', ')}.`
  if (!on.own && Object.hasOwn(parameters, MARK) && parameters[MARK] !== '')
    return 'Groundcrew itself started it, which counts only with `own: true`.'
  return null
}
