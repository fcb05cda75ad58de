import { join } from 'node:path'
import { people, repository } from './site.ts'

const examples = join(repository, 'examples/images')
const fixtures = join(repository, 'test/fixtures/images')

type Image = Readonly<Record<string, unknown>>

/** The example images as a site has them, and more of a test's own; their artifacts lie in the folder `images` of the test. */
export function imageSite(dir: string, more: Readonly<Record<string, Image>> = {}) {
  const given = { approvers: ['approvers'], pass: ['PKR_VAR_image_dir'] }
  const images = {
    base: { ...given, template: join(examples, 'base') },
    app: { ...given, template: join(examples, 'app'), base: 'base' },
    ...Object.fromEntries(Object.entries(more).map(([name, image]) => [name, { ...given, ...image }])),
  }
  const roles = {
    engineers: {
      members: [people.alice, people.bob],
      may: [{ commands: ['bake', 'images list', 'images show', 'runs *', 'locks *', 'tiny *'] }],
    },
    approvers: { members: [people.bob, people.carol], may: [{ commands: ['images *', 'runs *', 'locks *'] }] },
  }
  return {
    sections: { images, roles },
    variables: () => ({ PKR_VAR_image_dir: join(dir, 'images') }),
  }
}

/** A bake that waits at a door: see its template. */
export function slowImage(door: { readonly folder: string }): Image {
  return { template: join(fixtures, 'slow'), variables: { door: door.folder } }
}
