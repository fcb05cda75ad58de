import type { z } from 'zod'
import type { Site } from '../../src/core/site.ts'
import { siteSchema } from '../../src/core/site.ts'
import type { NamedEnvironment } from '../../src/core/workflow.ts'

/** A site file as it is written, before anything is checked or filled in. */
export const written = {
  slack: { team: 'T01TEAM' },
  channels: { ops: 'C01OPS' },
  roles: {
    engineers: {
      members: ['U01ALICE', 'U02BOB', 'T02OTHER/U09GUEST', 'shell:ann'],
      user_groups: ['S01ENG'],
      may: [
        { commands: ['loadtest up'], environments: ['loadtest'], args: { size: ['small', 'medium'] } },
        { commands: ['loadtest down', 'runs *'] },
      ],
    },
    leads: { members: ['U07LEAD'], may: [{ commands: ['loadtest *'], environments: ['loadtest'] }] },
    approvers: { members: ['U02BOB', 'U03CAROL'], may: [{ commands: ['runs cancel'] }] },
    idle: { members: ['U05IDLE'] },
  },
  environments: {
    loadtest: {
      stack: 'stacks/loadtest',
      backend: { type: 'consul', config: { path: 'groundcrew/loadtest' } },
      approvers: ['approvers'],
      channel: 'ops',
      sizes: { small: { app_count: 2 }, large: { app_count: 12 } },
      health: { 'loadtest-app': 'app_count' },
    },
  },
} satisfies z.input<typeof siteSchema>

export const site: Site = siteSchema.parse(written)

export const environment: NamedEnvironment = named('loadtest')

function named(name: string): NamedEnvironment {
  const settings = site.environments[name]
  if (!settings) throw new Error(`There is no environment ${name}`)
  return { ...settings, name }
}
