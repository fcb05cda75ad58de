import { describe, expect, test } from 'vitest'
import { loadCommands } from '../src/commands.ts'
import { readSite } from '../src/config/site.ts'
import { argumentsOf, createCatalog, helpList, parseCommand, usage } from '../src/core/command.ts'
import { planRequest } from '../src/engine/request.ts'
import { answerMessage } from '../src/slack/messages.ts'
import { stageKinds } from '../src/stages/index.ts'
import { drawn } from './slack/reading.ts'

/** The contract that every command file is held to, those that come with Groundcrew and those of a site alike. */
const site = await readSite('examples/site/groundcrew.yml')
const commands = await loadCommands(['commands', 'examples/site/commands'])
const catalog = createCatalog(commands, site)

/** As the bot plans it, with what is nested in it. */
function planned(line: string) {
  const caller = { actor: { kind: 'shell', user: 'alice' }, origin: { channel: null, via: 'shell' } } as const
  return planRequest({ site, catalog, kinds: stageKinds }, parseCommand(catalog, line), caller).stages
}

test('there are commands to hold to the contract', () => {
  const names = commands.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['loadtest up', 'loadtest resize', 'loadtest down', 'loadtest status']))
  expect(names).toEqual(expect.arrayContaining(['runs list', 'runs show', 'runs cancel', 'whoami', 'can']))
})

test('whoever may run all of them reads all of them in one answer', () => {
  const said = drawn(answerMessage({ text: helpList([...catalog.entries.values()]) }))
  expect(said).not.toContain('… +')
  for (const { name } of commands) expect(said).toContain(`• ${name}`)
})

describe.each(commands)('the command file of `$name`', ({ name, command }) => {
  test('describes itself and every argument', () => {
    expect(command.summary).toMatch(/^[A-Z].*[.]$/)
    expect(argumentsOf(command, site).filter(({ description }) => !description)).toEqual([])
    expect(usage(name, command, site)).toContain(name)
  })

  test('has examples that parse to this command, and again from their canonical line', () => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) {
      const parsed = parseCommand(catalog, `${name} ${example}`)
      expect(parsed.name).toBe(name)
      expect(parseCommand(catalog, parsed.line).args).toEqual(parsed.args)
    }
  })

  test('allows only roles that the site has, or everyone by that word', () => {
    for (const role of command.allow) expect(['everyone', ...Object.keys(site.roles)]).toContain(role)
  })

  test('works on an environment that the site has', () => {
    if (typeof command.environment !== 'string') return
    expect(Object.keys(site.environments)).toContain(command.environment)
  })
})

describe.each(commands.filter(({ command }) => command.stages))('the workflow of `$name`', ({ name, command }) => {
  test.each(command.examples.map((example) => [example]))(
    'plans its example `%s` twice to the same plain JSON',
    (example) => {
      const stages = planned(`${name} ${example}`)
      expect(JSON.parse(JSON.stringify(stages))).toEqual(stages)
      expect(planned(`${name} ${example}`)).toEqual(stages)
      expect(new Set(stages.map(({ id }) => id)).size).toBe(stages.length)
    },
  )

  test('judges before anything that may not run twice, or says why not', () => {
    for (const example of command.examples) {
      const stages = planned(`${name} ${example}`)
      const changes = (kind: string) => stageKinds.get(kind)?.gated ?? !stageKinds.get(kind)?.repeatable
      const first = stages.findIndex(({ kind }) => changes(kind))
      const judged = stages.findIndex(({ kind }) => kind === 'judgment')
      const gated = first < 0 || (judged >= 0 && judged < first)
      expect(gated || Boolean(command.unsafe), `${name} ${example}: no judgment before ${stages[first]?.id}`).toBe(true)
    }
  })

  test('judges exactly the plan that it applies', () => {
    for (const example of command.examples) {
      const stages = planned(`${name} ${example}`)
      for (const apply of stages.filter(({ kind }) => kind === 'terraform.apply' || kind === 'kv.apply')) {
        const shown = stages.filter(({ kind }) => kind === 'judgment').map(({ input }) => input.show)
        expect(Boolean(command.unsafe) || shown.includes(apply.input.plan)).toBe(true)
      }
    }
  })
})
