import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Queue } from 'bullmq'
import type { AccessParts } from './access.ts'
import { admitOperator } from './access.ts'
import type { Route } from './exchange.ts'
import { STRICT_HEADERS } from './exchange.ts'

const BASE = '/queues'

/** Its pages style themselves inline; everything else of them comes from here, and nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"

/** Bull Board on `/queues`, to look and not to touch: only GET gets there, and the board itself is read-only. */
export function boardRoute(access: AccessParts, queue: Queue): Route {
  const adapter = new ExpressAdapter()
  adapter.setBasePath(BASE)
  const ui = dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'))
  createBullBoard({
    queues: [new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })],
    serverAdapter: adapter,
    options: { uiBasePath: join(ui), uiConfig: { boardTitle: 'Groundcrew' } },
  })
  const app = adapter.getRouter() as (request: object, response: object) => void
  return {
    method: 'GET',
    path: /^\/queues(?:\/.*)?$/,
    page: true,
    async answer(exchange) {
      await admitOperator(access, exchange)
      const { request, response } = exchange
      for (const [name, value] of Object.entries({ ...STRICT_HEADERS, 'content-security-policy': POLICY }))
        response.setHeader(name, value)
      request.url = (request.url ?? '').slice(BASE.length).replace(/^(?=\?|$)/, '/')
      app(request, response)
    },
  }
}
