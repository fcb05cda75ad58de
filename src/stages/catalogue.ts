import type { ImageVersion } from '../core/catalogue.ts'
import { imageVersion, newestFirst } from '../core/catalogue.ts'
import { messageOf, UserError } from '../errors.ts'
import type { ConsulClient, KeyValue } from '../tools/consul.ts'

const PREFIX = 'groundcrew/images'

/** A change that always comes too late is not tried for ever. */
const MOST_TRIES = 20

/**
 * The versions of all images, in Consul's KV store. Every write compares and sets, so that two at once lose nothing. What cannot be read
 * is reported and never written over.
 */
export type Catalogue = {
  /** The versions of an image, newest first. Throws a `UserError` where one is damaged. */
  list(image: string): Promise<ImageVersion[]>
  /** Null when there is none. */
  find(image: string, version: string): Promise<ImageVersion | null>
  /** The same, but throws a `UserError` that names the versions there are. */
  named(image: string, version: string): Promise<ImageVersion>
  /** Stores a new version. A second time by the same execution does nothing; any other content under that name is a `UserError`. */
  add(entry: ImageVersion): Promise<ImageVersion>
  /** Changes what is stored, again and again until nobody came between; `fn` may run several times. Throws as `named` does. */
  change(image: string, version: string, fn: (entry: ImageVersion) => ImageVersion): Promise<ImageVersion>
}

export function createCatalogue(consul: Pick<ConsulClient, 'key' | 'keys' | 'setKey'>): Catalogue {
  async function list(image: string): Promise<ImageVersion[]> {
    return newestFirst((await consul.keys(`${folderOf(image)}/`)).map(read))
  }

  async function find(image: string, version: string): Promise<ImageVersion | null> {
    const found = await consul.key(keyOf(image, version))
    return found && read(found)
  }

  async function missing(image: string, version: string): Promise<never> {
    const versions = (await list(image)).slice(0, 5).map((each) => `\`${each.version}\``)
    const there =
      versions.length > 0 ? `The newest are ${versions.join(', ')}.` : `None was baked yet: \`bake ${image}\`.`
    throw new UserError(`There is no version \`${version}\` of the image ${image}. ${there}`)
  }

  async function add(entry: ImageVersion): Promise<ImageVersion> {
    const stored = await consul.setKey(keyOf(entry.image, entry.version), written(entry), 0)
    if (stored) return entry
    const there = await find(entry.image, entry.version)
    if (there?.execution === entry.execution && there.key === entry.key) return there
    throw new UserError(
      `Version \`${entry.version}\` of the image ${entry.image} is there already${there ? `, baked by \`${there.execution}\`` : ''}. A version is never written over: choose another one.`,
    )
  }

  async function change(image: string, version: string, fn: (entry: ImageVersion) => ImageVersion) {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const found = await consul.key(keyOf(image, version))
      if (!found) return missing(image, version)
      const next = fn(read(found))
      if (await consul.setKey(found.key, written(next), found.index)) return next
    }
    throw new UserError(
      `Version \`${version}\` of the image ${image} is being changed by others all the time; try again.`,
    )
  }

  return {
    list,
    find,
    add,
    change,
    named: async (image, version) => (await find(image, version)) ?? missing(image, version),
  }
}

function folderOf(image: string): string {
  return `${PREFIX}/${image}`
}

function keyOf(image: string, version: string): string {
  return `${folderOf(image)}/${version}`
}

function written(entry: ImageVersion): string {
  return JSON.stringify(imageVersion.parse(entry))
}

function read({ key, value }: KeyValue): ImageVersion {
  try {
    return imageVersion.parse(JSON.parse(value))
  } catch (cause) {
    const why = messageOf(cause).replace(/\s+/g, ' ').slice(0, 200)
    throw new UserError(
      `\`${key}\` in Consul is not an image version as Groundcrew writes it (${why}). Mend or delete that key; nothing was changed.`,
      { cause },
    )
  }
}
