import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Route } from './exchange.ts'
import { sendJson } from './exchange.ts'

/** One thing that has to work; `age`: seconds since it is so, or since it was last heard of; null where it never was. */
export type Part = { readonly ready: boolean; readonly state: string; readonly age: number | null }

/** Looks at one thing; what it throws counts as not ready, and is not told: it may name a host. */
export type Look = () => Part | Promise<Part>

/** No part is waited for longer than this: who asks wants an answer. */
const LOOK_WITHIN_MS = 2_000

/** `/healthz`: the process lives and its event loop turns, or there would be no answer; how late it turned is beside it. */
export function healthRoute(): Route {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  return {
    method: 'GET',
    path: /^\/healthz$/,
    async answer({ response }) {
      const lag = delay.count > 0 ? { p99: milliseconds(delay.percentile(99)), max: milliseconds(delay.max) } : null
      delay.reset()
      sendJson(response, 200, { ok: true, uptime: Math.round(process.uptime()), event_loop_delay_ms: lag })
    },
  }
}

/** `/readyz`: each part with its state and age; 503 as long as one of them is not ready. It names no host and no person. */
export function readyRoute(looks: Readonly<Record<string, Look>>): Route {
  const answered = new Map<string, number>()
  return {
    method: 'GET',
    path: /^\/readyz$/,
    async answer({ response }) {
      const entries = await Promise.all(
        Object.entries(looks).map(async ([name, look]) => {
          const part = await looked(look)
          if (!('failed' in part)) answered.set(name, performance.now())
          return [name, 'failed' in part ? silent(part.failed, answered.get(name)) : part]
        }),
      )
      const parts = Object.fromEntries(entries) as Record<string, Part>
      const ready = Object.values(parts).every((part) => part.ready)
      sendJson(response, ready ? 200 : 503, { ready, ...parts })
    },
  }
}

/** What gave no answer; its age is that of the last one. */
function silent(state: string, since: number | undefined): Part {
  return { ready: false, state, age: since === undefined ? null : Math.round((performance.now() - since) / 1000) }
}

async function looked(look: Look): Promise<Part | { readonly failed: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<{ failed: string }>((resolve) => {
    timer = setTimeout(() => resolve({ failed: 'no answer' }), LOOK_WITHIN_MS)
  })
  const seen = (async () => look())().catch(() => ({ failed: 'fails' }))
  return Promise.race([seen, late]).finally(() => clearTimeout(timer))
}

const milliseconds = (nanoseconds: number) => Math.round(nanoseconds / 10_000) / 100
