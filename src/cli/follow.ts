import { milliseconds } from '../core/duration.ts'
import type { EnvironmentRecord } from '../core/environment.ts'
import type { Execution } from '../core/execution.ts'
import { clean } from '../slack/limits.ts'
import { executionMessage, warningMessage } from '../slack/messages.ts'
import { createBoard } from './board.ts'
import type { OpenCrew } from './crew.ts'

const MOST_OPEN = 50
/** How many executions that are over are still looked at: the button that extends what they brought up stands there. */
const MOST_OVER = 20
const LOOK_EVERY_MS = 1_000

type Print = (text: string) => void

/**
 * Draws the message of every execution that is open or begins, and draws it again when it changes: a channel in a terminal. Driven
 * by what is stored; the feed only makes it quicker.
 */
export function followExecutions({ engine, site, log }: OpenCrew, print: Print) {
  const { store } = engine
  const known = new Set<string>()
  const board = createBoard()
  const show = drawing(board, print)
  const progress = progressLines(engine.progress.get, milliseconds(site.slack.edit_every), print)
  let looking: Promise<void> = Promise.resolve()
  let waiting = false

  async function look(): Promise<void> {
    const open = (await store.list({ limit: MOST_OPEN, open: true })).map(({ id }) => id).toReversed()
    const over = [...known].filter((id) => !open.includes(id))
    for (const id of over.slice(0, -MOST_OVER)) known.delete(id)
    for (const id of open) known.add(id)
    const names = Object.keys(site.environments)
    const environments = await Promise.all(names.map((name) => store.environment(name)))
    for (const execution of await Promise.all([...known].map((id) => store.execution(id)))) {
      if (!execution) continue
      const environment = environments.find(({ name }) => name === execution.environment) ?? null
      show(`execution:${execution.id}`, executionMessage({ execution, environment, progress: [] }))
      await progress(execution)
    }
    for (const environment of environments) warn(environment, board.names(), show)
  }

  /** Resolves when everything that is stored now has been drawn. */
  function refresh(): Promise<void> {
    if (waiting) return looking
    waiting = true
    looking = looking.then(async () => {
      waiting = false
      await look().catch((error: Error) => log.warn({ error: error.message }, 'executions not read'))
    })
    return looking
  }

  let timer: NodeJS.Timeout | undefined
  return {
    refresh,
    button: board.button,
    async start(): Promise<void> {
      await engine.onFeed((executions) => {
        for (const id of executions) known.add(id)
        engine.sweeper.kick()
        void refresh()
      })
      timer = setInterval(refresh, LOOK_EVERY_MS)
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await looking
    },
  }
}

type Show = ReturnType<typeof drawing>

function drawing(board: ReturnType<typeof createBoard>, print: Print) {
  return (name: string, message: Parameters<typeof board.draw>[1]): void => {
    const text = board.draw(name, message)
    if (text !== null) print(text)
  }
}

/** The warning before a time is over, and what became of it afterwards. */
function warn(environment: EnvironmentRecord, drawn: readonly string[], show: Show): void {
  const { name, lifetime } = environment
  const prefix = `warning:${name}:`
  const due = lifetime?.warned ? [`${prefix}${lifetime.id}`] : []
  for (const each of new Set([...due, ...drawn.filter((other) => other.startsWith(prefix))])) {
    show(each, warningMessage({ environment, id: each.slice(prefix.length) }))
  }
}

type Progress = { readonly stage: string; readonly text: string; readonly at: number }

/** One line for each step that a running stage says it made, not more often than the site wants messages edited. */
function progressLines(read: (id: string) => Promise<readonly Progress[]>, every: number, print: Print) {
  const said = new Map<string, Progress>()
  return async ({ id, line, stages }: Execution): Promise<void> => {
    if (!stages.some(({ state }) => state === 'running')) return
    for (const now of await read(id)) {
      const key = `${id}/${now.stage}`
      const before = said.get(key)
      const stage = stages.find((one) => one.id === now.stage && one.state === 'running')
      if (!stage || now.at < (stage.startedAt ?? 0)) continue
      if (before && (before.text === now.text || now.at - before.at < every)) continue
      said.set(key, now)
      print(`  ${line}: ${now.stage}: ${clean(now.text)}`)
    }
  }
}
