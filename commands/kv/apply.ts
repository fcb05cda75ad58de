import { command, judgment, kv, kvOf, kvTarget, z } from '#crew'

export default command({
  summary: 'Write settings from source control to Consul: a plan, a judgment, and exactly that, key by key with CAS.',
  args: z.object({
    source: kvOf().describe('Which settings'),
    catchUp: z.string().optional().describe('Only this datacenter, which was away: what was approved for it'),
  }),
  examples: ['app'],
  environment: ({ source }) => kvTarget(source),
  allow: ['engineers'],
  quiet: ({ catchUp }) => catchUp !== undefined,
  stages: ({ catchUp }) => [
    kv.plan({ catchUp, applies: true }),
    judgment({ show: 'kv.plan', asApproved: catchUp !== undefined }),
    kv.apply({ plan: 'kv.plan' }),
  ],
})
