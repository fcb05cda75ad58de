import { expect, test } from 'vitest'
import { loadCommands } from '../src/commands.ts'
import { createCatalog, parseCommand } from '../src/core/command.ts'
import { planStages } from '../src/core/planning.ts'
import type { Site } from '../src/core/site.ts'
import { targetOf } from '../src/core/target.ts'
import { wantedOf } from '../src/core/wanted.ts'
import { stageKinds } from '../src/stages/index.ts'
import { site as sample } from './core/sample-site.ts'

const web = {
  image: 'app',
  environments: ['loadtest'],
  count: 'web_count',
  consul: 'web-{environment}',
  scale: { min: 1, max: 6, step: 1 },
}
const site = { ...sample, services: { web } } as unknown as Site
const catalog = createCatalog(
  (await loadCommands(['commands'])).filter(({ name }) => name === 'scale'),
  site,
)

function planned(line: string) {
  const parsed = parseCommand(catalog, line)
  const { environment } = wantedOf(parsed, site)
  const context = { site, ...targetOf(site, environment) }
  return { environment, stages: planStages(parsed.command.stages?.(parsed.args, context) ?? [], stageKinds, context) }
}

test('a service is scaled in its environment by the variable that counts it, and waited for in Consul', () => {
  const { environment, stages } = planned('scale web 2')
  expect(environment).toBe('loadtest')
  expect(stages.map(({ kind }) => kind)).toEqual(['terraform.plan', 'judgment', 'wait', 'terraform.apply', 'health'])
  expect(stages[0]?.input).toMatchObject({
    scale: { to: '2', counted: { variable: 'web_count', min: 1, max: 6 }, sizes: {} },
  })
  expect(stages[4]?.input).toMatchObject({ service: 'web-loadtest', passing: { variable: 'web_count' } })
})

test('an environment is scaled by its sizes, with the health check that the site gives it', () => {
  const { stages } = planned('scale loadtest up')
  expect(stages[0]?.input).toMatchObject({
    scale: { to: 'up', sizes: { small: { app_count: 2 }, large: { app_count: 12 } } },
  })
  expect(stages[2]?.input).toMatchObject({ for: '5m', postpone: '30m', plan: 'terraform.plan', when: 'takesAway' })
  expect(stages[4]?.input.service).toBeUndefined()
  expect(() => planned('scale web 0')).toThrow(/outside of what the site allows/)
  expect(() => planned('scale web large')).toThrow(/nothing to scale loadtest to/)
})
