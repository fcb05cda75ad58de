import { z } from 'zod'
import { UserError } from '../../errors.ts'

/** What the post-processor `manifest` writes. It appends each run to `builds`, so that only those of the last run count. */
const manifest = z.looseObject({
  builds: z.array(
    z.looseObject({
      name: z.string(),
      builder_type: z.string(),
      files: z.array(z.looseObject({ name: z.string(), size: z.number() })).nullish(),
      artifact_id: z.string().nullish(),
      packer_run_uuid: z.string(),
    }),
  ),
  last_run_uuid: z.string(),
})
export type Manifest = z.infer<typeof manifest>

export type ManifestArtifact = {
  readonly builder: string
  readonly id: string
  readonly region: string | null
  readonly files: readonly { readonly name: string; readonly size: number }[]
}

/** Throws a `UserError` for what no manifest of Packer's looks like. */
export function readManifest(text: string): Manifest {
  try {
    return manifest.parse(JSON.parse(text))
  } catch (cause) {
    throw new UserError("Packer's manifest cannot be read: it is not what the post-processor `manifest` writes.", {
      cause,
    })
  }
}

/** The artifacts of the last run, one for each builder and region. */
export function artifactsOf({ builds, last_run_uuid }: Manifest): ManifestArtifact[] {
  const last = builds.filter((build) => build.packer_run_uuid === last_run_uuid)
  return last.flatMap(({ name, builder_type, files, artifact_id }) => {
    const builder = name === builder_type ? name : `${builder_type}.${name}`
    const kept = (files ?? []).map(({ name, size }) => ({ name, size }))
    return idsOf(artifact_id ?? '').map(({ id, region }) => ({ builder, id, region, files: kept }))
  })
}

/** `eu-west-1:ami-1,us-east-1:ami-2`: the cloud builders give one id for each region. */
function idsOf(text: string): { id: string; region: string | null }[] {
  const pairs = text.split(',').map((each) => /^([a-z][a-z0-9-]*):(\S+)$/.exec(each.trim()))
  if (pairs.some((pair) => pair === null)) return [{ id: text, region: null }]
  return pairs.map((pair) => ({ id: pair?.[2] ?? '', region: pair?.[1] ?? null }))
}
