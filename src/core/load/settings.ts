import { z } from 'zod'
import { isDuration } from '../command/schema.ts'
import { milliseconds } from '../duration.ts'

const duration = z.string().refine(isDuration, { error: 'expected a duration such as 30s, 5m or 1h' })
const count = z.number().int().min(1)

/** A page of a site (`http://…`), or every passing instance of a Consul service. */
const target = z.union(
  [
    z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// address' }),
    z.strictObject({ service: z.string().min(1), path: z.string().startsWith('/').default('/') }),
  ],
  { error: 'expected an http:// or https:// address, or { service: <Consul service>, path: / }' },
)

/** What a run must keep to; each is optional. Times in milliseconds, throughput in requests a second of all generators together. */
const thresholds = z.strictObject({
  p95_ms: z.number().positive().optional(),
  p99_ms: z.number().positive().optional(),
  error_percent: z.number().min(0).max(100).optional(),
  min_throughput: z.number().positive().optional(),
})

/** One plan of `loadtest run`. Connections and rate are those of all generators together: each makes its share. */
export const loadSettings = z
  .strictObject({
    /** Its lock is held while the load runs, so that nobody changes its size meanwhile. */
    environment: z.string(),
    engine: z.enum(['autocannon', 'jmeter']).default('autocannon'),
    target: target.optional(),
    /** JMeter only: the test plan, relative to the site file. */
    plan: z.string().endsWith('.jmx').optional(),
    /** The program, by name or full path. */
    jmeter: z.string().default('jmeter'),
    connections: count.max(100_000).default(10),
    /** Requests a second; without it as many as the target answers. */
    rate: count.max(10_000_000).optional(),
    for: duration.default('30s'),
    longest: duration.default('1h'),
    generators: count.default(1),
    most_generators: count.max(50).default(10),
    /** How long a generator is waited for, and the generators wait for each other, before the load begins. */
    ready_within: duration.default('1m'),
    /**
     * What `--scale` needs: the Terraform variable that counts the generators, and the addresses of what it makes (`*` is any text). Whoever
     * approves that they come has approved that these go again.
     */
    scale: z.strictObject({ variable: z.string(), owns: z.array(z.string().min(1)).default([]) }).optional(),
    thresholds: thresholds.prefault({}),
  })
  .superRefine((plan, context) => {
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (plan.engine === 'autocannon' && !plan.target) wrong('target', 'autocannon needs a target')
    if (plan.engine === 'autocannon' && plan.plan) wrong('plan', 'only the engine jmeter has a plan (.jmx)')
    if (plan.engine === 'jmeter' && !plan.plan) wrong('plan', 'jmeter needs its test plan (.jmx)')
    if (plan.generators > plan.most_generators)
      wrong('generators', `more than most_generators (${plan.most_generators})`)
    if (plan.connections < plan.generators)
      wrong('connections', `fewer than the ${plan.generators} generators that share them`)
    if (isDuration(plan.for) && isDuration(plan.longest) && milliseconds(plan.for) > milliseconds(plan.longest))
      wrong('for', `longer than longest (${plan.longest})`)
  })

export type LoadSettings = z.infer<typeof loadSettings>
export type Thresholds = LoadSettings['thresholds']
