import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { root } from '../examples/demo/parts/program.ts'
import { messageOf } from '../src/errors.ts'
import { roomFor } from '../test/stages/kv/room.ts'
import { fillConsul, INSTANCES, KEYS, nodeName, SERVICES, serviceName, settingOf } from './consul-fill.ts'
import { askedWhile, type Curled, curl } from './curl.ts'
import { install, type Open } from './installation.ts'
import { peakGrowth, peakMegabytes } from './memory.ts'
import { type Percentiles, percentiles, ratioOf } from './statistics.ts'
import { table } from './table.ts'

const ROUNDS = 40

/** Asked of the crew as people ask it: rights, records and the text of the answer count as well. */
const LINES = [
  'consul services',
  `consul service ${serviceName(500)}`,
  `consul node ${nodeName(100)}`,
  'consul health',
  'consul dc',
  'consul where service-04',
  'consul kv ls config/app-07/',
  `consul kv get config/${settingOf(7).app}/${settingOf(7).name}`,
  'consul inventory',
  `consul inventory service_${serviceName(500).replace('-', '_')}`,
] as const

type Measured = {
  readonly line: string
  readonly milliseconds: { readonly groundcrew: Percentiles; readonly curl: Percentiles; readonly ratio: Percentiles }
  /** Answers that lack what Consul did not say in time. */
  readonly late: number
  /** What Consul sent. */
  readonly bytes: number
  /** The most that a process of its own held: \`crew run\` with the line over \`crew run whoami\` (\`kv plan\`: how far this one grew), and all of curl. */
  readonly megabytes: { readonly groundcrew: number | null; readonly curl: number }
}

export type ConsulFigures = {
  readonly baseline: string
  readonly rounds: number
  readonly lookups: readonly Measured[]
}

/** How long each look-up takes in a large catalogue, and `kv plan` of all of its keys, beside curl on the very addresses that were asked for it. */
export async function measureConsul(signal: AbortSignal): Promise<ConsulFigures> {
  await using stack = new AsyncDisposableStack()
  const installation = await install(stack, { names: ['loadtest'], consul: true })
  await fillConsul(installation.consulUrl, signal)
  const crew = await installation.open()
  const bare = await peakOf('whoami', installation.settings, signal)
  const plan = planOf(stack, installation.consulUrl)
  const works: Work[] = [
    { line: `kv plan (${KEYS} keys)`, work: plan, megabytes: await peakGrowth(async () => void (await plan())) },
  ]
  for (const line of LINES) {
    const peak = await peakOf(line, installation.settings, signal)
    works.push({
      line,
      work: () => whole(crew, line),
      megabytes: peak === null || bare === null ? null : Math.max(0, peak - bare),
    })
  }
  const lookups: Measured[] = []
  for (const each of works) lookups.push(await measured(each, signal))
  return { baseline: 'curl of the same addresses, one after the other, without its start', rounds: ROUNDS, lookups }
}

/** Whether all of it came: a look-up gives up after its short time, which on a busy machine is no fault of Consul. */
async function whole(crew: Open, line: string): Promise<boolean> {
  const reply = await crew.read(line).catch((error: unknown) => messageOf(error))
  if (reply.includes('*unreachable*') || reply.includes('*refuses us*') || reply.includes('Nobody could look'))
    return false
  if (reply.startsWith('There is no')) throw new Error(`\`${line}\` was refused: ${reply}`)
  return true
}

/** The stage as a worker runs it: reads its source, all keys, and compares them; every 100th key differs. */
function planOf(stack: AsyncDisposableStack, url: string): () => Promise<boolean> {
  const json = () => Promise.reject(new Error('Nothing of this is asked here.'))
  const room = roomFor({ url, json }, { spokes: [], prefixes: ['config/'] })
  stack.defer(room.remove)
  const apps = Map.groupBy(
    Array.from({ length: KEYS }, (_, number) => ({ number, ...settingOf(number) })),
    ({ app }) => app,
  )
  for (const [app, settings] of apps) {
    const common = Object.fromEntries(
      settings.map(({ number, name, value }) => [name, number % 100 === 0 ? 'other' : value]),
    )
    writeFileSync(join(room.folder, `${app}.yml`), stringify({ prefix: `config/${app}/`, common }))
  }
  return async () => {
    const { headline } = await room.plan()
    if (!String(headline).includes(`${KEYS / 100} to change`)) throw new Error(`Expected another plan: ${headline}`)
    return true
  }
}

/** The most that a process had which asked only this. */
async function peakOf(
  line: string,
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | null> {
  const args = [join(root, 'src/cli.ts'), 'run', '--as', 'U01ALICE', line]
  const child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, ...settings }, signal })
  let peak: number | null = null
  const watch = setInterval(() => {
    peak = peakMegabytes(child.pid ?? 0) ?? peak
  }, 5)
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', reject).on('close', resolve)
  const code = await promise.finally(() => clearInterval(watch))
  if (code !== 0) throw new Error(`\`crew run "${line}"\` ended with ${code}.`)
  return peak
}

type Work = {
  readonly line: string
  readonly work: () => Promise<boolean>
  readonly megabytes: number | null
}

/** In turns; what is asked is learnt from a first run, which is the warm-up too. */
async function measured({ line, work, megabytes }: Work, signal: AbortSignal): Promise<Measured> {
  const urls = await askedWhile(work)
  const [ours, theirs]: [number[], Curled[]] = [[], []]
  let late = 0
  for (let round = 0; round < ROUNDS; round++) {
    signal.throwIfAborted()
    const began = performance.now()
    if (!(await work())) late += 1
    ours.push(performance.now() - began)
    theirs.push(await curl(urls, signal))
  }
  const [mine, bare] = [percentiles(ours), percentiles(theirs.map(({ milliseconds }) => milliseconds))]
  return {
    line,
    milliseconds: { groundcrew: mine, curl: bare, ratio: ratioOf(mine, bare) },
    late,
    bytes: theirs[0]?.bytes ?? 0,
    megabytes: { groundcrew: megabytes, curl: Math.max(...theirs.map((each) => each.megabytes)) },
  }
}

export function consulReport({ lookups, rounds }: ConsulFigures): string {
  const two = ({ p50, p99 }: Percentiles, after = '') => `${p50.toFixed(1)}${after} / ${p99.toFixed(1)}${after}`
  return table([
    [
      `${SERVICES} services, ${INSTANCES} instances, ${KEYS} keys; p50 / p99 of ${rounds}`,
      ...['ms', 'curl, ms', 'ratio', 'late', 'kB sent', 'MB more', 'curl, MB'],
    ],
    ...lookups.map(({ line, milliseconds, late, bytes, megabytes }) => [
      line,
      two(milliseconds.groundcrew),
      two(milliseconds.curl),
      two(milliseconds.ratio, 'x'),
      String(late),
      (bytes / 1000).toFixed(0),
      megabytes.groundcrew?.toFixed(0) ?? '-',
      megabytes.curl.toFixed(0),
    ]),
  ])
}
