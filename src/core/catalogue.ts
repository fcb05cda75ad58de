import { z } from 'zod'

/** Our own format of an image in the catalogue, `groundcrew/images/<image>/<version>` in Consul's KV store. Times are ms since 1970. */
export const artifact = z.object({
  /** Name of the builder, as Packer's manifest gives it. */
  builder: z.string(),
  /** What the builder calls it (an AMI id); empty where it gives only files. */
  id: z.string(),
  region: z.string().nullable(),
  files: z.array(z.object({ name: z.string(), size: z.number() })),
})

const mark = z.object({ as: z.enum(['good', 'bad']), by: z.string(), at: z.number(), why: z.string().nullable() })

const release = z.object({
  environment: z.string(),
  service: z.string(),
  since: z.number(),
  /** Null while it is live there. */
  until: z.number().nullable(),
  /** Whether it was seen healthy there: only such a version is one to go back to. */
  healthy: z.boolean(),
  by: z.string(),
  execution: z.string(),
})

export const imageVersion = z.object({
  image: z.string(),
  version: z.string(),
  /** SHA-256 over everything that went into it: two of the same key are the same bake. */
  key: z.string(),
  artifacts: z.array(artifact),
  base: z.object({ image: z.string(), version: z.string() }).nullable(),
  commit: z.string().nullable(),
  by: z.string(),
  execution: z.string(),
  at: z.number(),
  mark: mark.nullable(),
  releases: z.array(release),
})

export type ImageArtifact = z.infer<typeof artifact>
export type ImageRelease = z.infer<typeof release>
export type ImageVersion = z.infer<typeof imageVersion>

/** A version is part of a key, of a file name and of a command line, so that it is plain: `1.4.2`, `20261120.2030`, `2.0-rc1`. */
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/

/** The version of an image as somebody types it. */
export function versionOf() {
  return z
    .string()
    .regex(versionPattern, { error: 'expected a version of letters, digits and . _ + -, at most 64 of them' })
}

/** Newest first. */
export function newestFirst(versions: readonly ImageVersion[]): ImageVersion[] {
  return [...versions].sort((a, b) => b.at - a.at || (a.version < b.version ? 1 : -1))
}

export function isBad({ mark }: ImageVersion): boolean {
  return mark?.as === 'bad'
}

/** Where it is live now. */
export function liveReleases({ releases }: ImageVersion): ImageRelease[] {
  return releases.filter(({ until }) => until === null)
}

/** `20261120.2030` in UTC, with `-2`, `-3`... where that is taken. */
export function generatedVersion(now: number, taken: (version: string) => boolean): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T')
  return freeVersion(`${date.replaceAll('-', '')}.${time.slice(0, 5).replace(':', '')}`, taken)
}

/** The version itself where it is free, else the first free one of `1.4-2`, `1.4-3`... */
export function freeVersion(version: string, taken: (version: string) => boolean): string {
  if (!taken(version)) return version
  for (let count = 2; ; count++) if (!taken(`${version}-${count}`)) return `${version}-${count}`
}

/** An artifact in a few words: its id with its region, or its files. */
export function artifactText({ builder, id, region, files }: ImageArtifact): string {
  const named = id !== '' && files.length === 0
  const what = named ? id : files.map(({ name }) => name.slice(name.lastIndexOf('/') + 1)).join(', ') || id || 'no file'
  return `${builder}${region ? ` in ${region}` : ''}: ${what}`
}
