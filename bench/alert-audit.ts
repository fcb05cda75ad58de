import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../examples/demo/parts/program.ts'
import type { AlertSides } from './alert-sides.ts'
import { held, startScript } from './processes.ts'

/** As often as a monitor can be told to look. */
const POLL = '1s'
const QUIET_MS = 2_100

/**
 * Milliseconds from a denied request in Vault's audit file to the message, for each tag: a monitor of its own follows a file of its own
 * and reports under this tag, so that each has a rule and a message of its own. The line comes at another moment of the poll each time.
 */
export async function measureAuditLines(
  stack: AsyncDisposableStack,
  { groundcrew: { consul, screen }, dir }: Pick<AlertSides, 'groundcrew' | 'dir'>,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<number[]> {
  const times: number[] = []
  for (const [number, tag] of tags.entries()) {
    const monitor = await startMonitor(stack, { dir: join(dir, tag), consul, tag })
    // Until what the last one reported is over, and the bot may read at once again.
    await screen.quiet()
    await sleep(QUIET_MS + (1000 * number) / tags.length, undefined, { signal })
    const told = screen.next(`the message of ${tag}`, ({ text }) => text.includes(tag) && text.includes('1 firing'))
    const began = performance.now()
    appendFileSync(monitor.file, deniedLine())
    times.push((await told).at - began)
    await monitor.stop()
  }
  return times
}

async function startMonitor(
  stack: AsyncDisposableStack,
  { dir, consul, tag }: Record<'dir' | 'consul' | 'tag', string>,
) {
  mkdirSync(dir, { recursive: true })
  const [file, settings] = [join(dir, 'audit.log'), join(dir, 'monitors.yml')]
  writeFileSync(file, '')
  const thresholds = [{ count: 'denied', window: '1m', critical: 1 }]
  const vault_audit = { file, state: join(dir, 'state.json'), poll: POLL, thresholds }
  writeFileSync(settings, JSON.stringify({ vault_audit, consul: { ttl: '1m', tags: [tag] } }))
  const env = { CONSUL_HTTP_ADDR: consul, GROUNDCREW_MONITORS: settings }
  const script = { name: 'monitor', file: 'src/monitor.ts', ready: '"msg":"monitor ready"', env }
  const { stop } = await held(stack, startScript(script, dir))
  return { file, stop }
}

/** A recorded line of a request that was denied, as if it came now. */
function deniedLine(): string {
  const lines = readFileSync(join(root, 'test/cases/audit/samples.jsonl'), 'utf8').split('\n')
  const entry = JSON.parse(lines[14] ?? '') as { request: { id: string } }
  return `${JSON.stringify({ ...entry, time: new Date().toISOString(), request: { ...entry.request, id: randomUUID() } })}\n`
}
