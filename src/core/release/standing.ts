import { z } from 'zod'
import type { Execution } from '../execution.ts'
import { outputOf, stageOf } from '../execution.ts'

const chosen = z.object({
  service: z.string(),
  image: z.string(),
  environment: z.string(),
  version: z.string(),
  old: z.string(),
  needed: z.boolean(),
  stands: z.boolean().catch(false),
  /** Versions with instances in service when it began. */
  inService: z.array(z.string()).catch([]),
  /** Since when the old one is live, and who released it, where the catalogue knows. */
  oldSince: z.number().nullable().catch(null),
  oldBy: z.string().nullable().catch(null),
  artifacts: z.array(z.string()).catch([]),
  /** The base it was built on, and whether that was marked bad since. */
  base: z.string().nullable().catch(null),
  baseBad: z.boolean().catch(false),
  /** Instances of the version in service that passed when it began, of so many; null in records of before it was kept. */
  passing: z.number().nullable().catch(null),
  wanted: z.number().catch(0),
  /** No version of the service was ever released here. */
  first: z.boolean().catch(true),
  /** Whether there is something to go back to when it fails. */
  mayReturn: z.boolean().catch(true),
})

/** The ids of the stages of a release, by what they do. */
export const RELEASE = {
  choose: 'release.choose',
  apply: 'terraform.apply',
  gate: 'gate',
  canary: 'canary',
  share: 'canary.share',
  switch: 'switch',
  drain: 'drain',
  remove: 'remove.apply',
  restore: 'return.restore',
  taken: 'return.apply',
} as const

/** What a release is about, and what stands there as far as its stages have come; null where the execution is no release. */
export type Standing = z.infer<typeof chosen> & {
  /** `there`: the group of the new version exists, or part of it; `serves`: which version is in service, empty for none. */
  readonly there: boolean
  readonly serves: string
  /** Some instances of the new version serve beside the old one. */
  readonly canary: boolean
  /** The group that went out of service is still there. */
  readonly oldThere: boolean
  /** The old version is back, and the new group is gone or has still to go. */
  readonly returned: 'no' | 'serving' | 'done'
  /** Nobody knows, since an apply is under way or ended at unknown. */
  readonly unsure: boolean
}

/** Read from the stages alone, so that a message can be made from it at any time. */
export function standingOf(execution: Execution): Standing | null {
  const about = chosen.safeParse(outputOf(execution, RELEASE.choose))
  if (!about.success) return null
  const { old, version, needed, stands, inService } = about.data
  const state = (id: string) => stageOf(execution, id)?.state ?? 'pending'
  const done = (id: string) => state(id) === 'succeeded'
  const begun = (id: string) => (stageOf(execution, id)?.startedAt ?? null) !== null
  const there = !needed || stands || begun(RELEASE.apply)
  const [only = old] = inService.length === 1 ? inService : []
  const switched = done(RELEASE.switch) && !done(RELEASE.restore)
  const serves =
    !needed || switched ? version : done(RELEASE.restore) ? old : [old, version].includes(only) ? only : old
  const gone = done(RELEASE.taken) || (state(RELEASE.taken) === 'skipped' && done('return.plan'))
  return {
    ...about.data,
    there: there && !gone,
    serves,
    canary: done(RELEASE.share) && !switched && !done(RELEASE.restore),
    oldThere: old !== '' && !(done(RELEASE.remove) || (state(RELEASE.remove) === 'skipped' && done('remove.plan'))),
    returned: gone ? 'done' : done(RELEASE.restore) ? 'serving' : 'no',
    unsure: [RELEASE.apply, RELEASE.remove, RELEASE.taken].some(
      (id) => state(id) === 'running' || state(id) === 'unknown',
    ),
  }
}
