import { describe, expect, test } from 'vitest'
import { planStages } from '../../src/core/planning.ts'
import { nobodyRuns } from '../../src/engine/workers.ts'
import { stageKinds, terraform } from '../../src/stages/index.ts'
import { site } from '../core/sample-site.ts'
import { answer, begin, PLAN, runOf, starts, told } from '../core/world.ts'

const hub = { id: 'w1', machine: 'm1', host: 'hub-1', labels: ['network=hub', 'generator'] }
const spoke = { id: 'w2', machine: 'm2', host: 'spoke-1', labels: [] }
const needing = (...labels: string[]) => ({ ...runOf(begin(), PLAN), input: { labels } })

describe('a stage that demands labels of its worker', () => {
  test.each([
    ['is run by one that has them all', ['generator', 'network=hub'], [spoke, hub], null],
    ['is run by anybody when it demands none', [], [spoke], null],
    [
      'is run by nobody where they are missing, and says which',
      ['network=dmz'],
      [spoke, hub],
      /needs: `network=dmz`. There are spoke-1, hub-1/,
    ],
    ['is run by nobody where there is no worker at all', [], [], /No worker is there/],
  ])('%s', (_how, labels, workers, said) => {
    const why = nobodyRuns(needing(...labels), workers)
    if (said === null) expect(why).toBeNull()
    else expect(why).toMatch(said)
  })

  test('has them from its environment, from when it was planned', () => {
    const [name, settings] = Object.entries(site.environments)[0] ?? []
    if (!name || !settings) throw new Error('The sample site has no environment.')
    const environment = { ...settings, name, labels: ['network=hub'], health: {} }
    expect(planStages([terraform.plan()], stageKinds, { site, environment })[0]?.input.labels).toEqual(['network=hub'])
    expect(
      planStages([terraform.plan()], stageKinds, { site, environment: { ...environment, labels: [] } })[0]?.input,
    ).not.toHaveProperty('labels')
  })
})

describe('a stage that nobody takes', () => {
  const stuck = { type: 'stage.stuck', stage: PLAN, attempt: 1, why: 'No worker is there.' } as const

  test('says so once, and no more when somebody comes', () => {
    const story = told(begin(), stuck)
    expect(runOf(story, PLAN).stuck).toBe('No worker is there.')
    expect(answer(story, stuck).changed).toBe(false)
    const taken = starts(story, PLAN)
    expect(taken.execution.status).toBe('running')
    expect(runOf(taken, PLAN).stuck).toBeUndefined()
  })

  test('names the machine that alone has its files', () => {
    const pushing = { ...runOf(begin(), PLAN), input: { machine: 'm9', host: 'builder-9' } }
    expect(nobodyRuns(pushing, [hub, spoke])).toMatch(/Only builder-9 has the files .* start it there again/)
    expect(nobodyRuns({ ...pushing, input: { machine: 'm2' } }, [hub, spoke])).toBeNull()
  })

  test('says nothing any more once it runs', () => {
    expect(answer(starts(begin(), PLAN), stuck).changed).toBe(false)
  })
})
