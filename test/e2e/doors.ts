import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '../../examples/demo/parts.ts'

const EMPTY_STATE = { version: 4, terraform_version: '1.5.0', serial: 1, lineage: 'door', outputs: {}, resources: [] }

export type PlanDoor = Awaited<ReturnType<typeof openPlanDoor>>

/** What the tiny stack's `plan_door` reads: plans wait at it until it is opened. */
export async function openPlanDoor() {
  const waiting = new Set<ServerResponse>()
  let open = false
  let knocks = 0
  const answer = (response: ServerResponse) => response.end(JSON.stringify(EMPTY_STATE))
  const server = createServer((_, response) => {
    knocks += 1
    if (open) return answer(response)
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Resolves when that many plans have come to it. */
    knocked: (times = 1) =>
      waitFor(() => knocks >= times, { what: `plan ${times} to come to the door`, within: '50s' }),
    open() {
      open = true
      for (const response of waiting) answer(response)
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The tiny stack's `apply_door`: a folder at which applies wait until it is opened, and note that they came. */
export function applyDoor(dir: string, name: string) {
  const folder = join(dir, `door-${name}`)
  const notes = join(folder, 'applies')
  mkdirSync(folder, { recursive: true })
  const applies = () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n').length : 0)
  return {
    folder,
    applies,
    knocked: () => waitFor(() => applies() > 0, { what: 'an apply to come to the door', within: '50s' }),
    open: () => writeFileSync(join(folder, 'open'), ''),
  }
}
