import { describe, expect, test } from 'vitest'
import { planStages } from '../../src/core/planning.ts'
import { environmentNamed } from '../../src/core/target.ts'
import { health, stageKinds, terraform } from '../../src/stages/index.ts'
import { site } from '../core/sample-site.ts'

const environment = environmentNamed(site, 'loadtest')
const planned = (...drafts: Parameters<typeof planStages>[0]) =>
  planStages(drafts, stageKinds, { site, environment }).at(-1)?.input

describe('a health stage', () => {
  test('takes the shape that every stage may have', () => {
    const shaped = health({ service: 'web', passing: 3, retry: { times: 2, wait: '5s' }, timeLimit: '1m' })
    expect(planStages([shaped], stageKinds, { site, environment: null })[0]).toMatchObject({
      retry: { times: 2 },
      timeLimit: { after: '1m' },
    })
  })

  test('of so many instances of a service needs neither a plan nor an environment', () => {
    const draft = health({ service: 'web', passing: 3, for: '10s' })
    expect(planned(draft)).toEqual({ service: 'web', passing: 3, for: '10s', within: environment.health_within })
    const alone = planStages([draft], stageKinds, { site, environment: null })
    expect(alone[0]?.input).toEqual({ service: 'web', passing: 3, for: '10s', within: '2m' })
  })

  test('of as many as a plan says has that plan before it', () => {
    const draft = health({ service: 'web', passing: { variable: 'web_count' } })
    expect(planned(terraform.plan(), draft)).toMatchObject({ plan: 'terraform.plan' })
    expect(() => planned(draft)).toThrow(/refers by `plan` to terraform.plan, which is not an earlier stage/)
  })

  test('of an environment has one as soon as the site names services of it', () => {
    const none = { ...environment, health: {} }
    expect(planStages([health()], stageKinds, { site, environment: none })[0]?.input).not.toHaveProperty('plan')
    expect(() =>
      planStages([health()], stageKinds, { site, environment: { ...environment, health: { web: 'app_count' } } }),
    ).toThrow(/not an earlier stage/)
    expect(() => planStages([health()], stageKinds, { site, environment: null })).toThrow(/or one service/)
  })
})
