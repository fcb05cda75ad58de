import { randomUUID } from 'node:crypto'
import { idOf } from '../core/actor.ts'
import type { ImageVersion } from '../core/catalogue.ts'
import { rolesText } from '../core/judgment.ts'
import { imageNamed, imageTarget } from '../core/target.ts'
import type { Asked, ImageAnswers } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import type { CrewParts } from './parts.ts'
import { catalogueOf, standing } from './releases.ts'

/** The catalogue for one asker. Reading needs the right to run the command; a mark needs an approver of the image besides. */
export function imagesOf(parts: CrewParts, asked: Asked): ImageAnswers {
  const catalogue = () => catalogueOf(parts)
  const stands = async (entry: ImageVersion) => (await standing(parts, [entry]))[0] ?? entry
  return {
    list: async (image) => standing(parts, await catalogue().list(imageNamed(parts.site, image).name)),
    find: async (image, version) => stands(await catalogue().named(imageNamed(parts.site, image).name, version)),
    async mark(image, version, as, why) {
      const { approvers } = imageNamed(parts.site, image)
      if (!approvers.some((role) => asked.roles.includes(role)))
        return refuse(parts, asked, { image, version, as, approvers })
      const mark = { as, by: idOf(asked.actor), at: parts.now(), why }
      return stands(await catalogue().change(image, version, (entry) => ({ ...entry, mark })))
    },
  }
}

type Wanted = {
  readonly image: string
  readonly version: string
  readonly as: string
  readonly approvers: readonly string[]
}

async function refuse({ audit }: CrewParts, asked: Asked, { image, version, as, approvers }: Wanted): Promise<never> {
  const why = `Only ${rolesText(approvers)} may mark versions of the image ${image}.`
  const about = {
    who: idOf(asked.actor),
    line: `images mark ${image} ${version} ${as}`,
    environment: imageTarget(image),
  }
  await audit.note({ kind: 'refused', ...about, why }, `refused:${asked.request ?? randomUUID()}:mark`)
  throw new UserError(why)
}
