import { readFile, stat } from 'node:fs/promises'
import { withAutocannon } from './autocannon.ts'
import type { Engine, EngineEnd } from './engine.ts'
import { shareSpec } from './engine.ts'
import { withJmeter } from './jmeter.ts'
import { createRecorder } from './recorder.ts'

/**
 * The process of one generator: `node generate.ts <spec.json>`. It writes one JSON line for each second of the load (`Second`), and a
 * last one that says how it ended (`EngineEnd`). SIGINT ends it within seconds, with what was measured so far.
 */
const engines: Readonly<Record<string, Engine>> = { autocannon: withAutocannon, jmeter: withJmeter }

const spec = shareSpec.parse(JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

const recorder = createRecorder()
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
const sayAll = () => recorder.take().forEach(say)
const telling = setInterval(sayAll, 1000)

/** The worker that watches touches the file: where it died and nobody took over, the load must not go on for ever. */
let alone = false
const watching = setInterval(async () => {
  const { mtimeMs } = await stat(spec.leash.file).catch(() => ({ mtimeMs: 0 }))
  if (Date.now() - mtimeMs < spec.leash.seconds * 1000) return
  alone = true
  stop.abort()
}, 1000)

const end = await endOf()
clearInterval(telling)
clearInterval(watching)
sayAll()
say(end)
// Connections that are still open must not keep it.
process.stdout.write('', () => process.exit(0))

async function endOf(): Promise<EngineEnd> {
  try {
    const engine = engines[spec.engine]
    if (!engine) throw new Error(`There is no engine ${spec.engine}.`)
    const end = await engine(spec, recorder.add, stop.signal)
    if (!alone || end.end !== 'stopped') return end
    return {
      ...end,
      end: 'failed',
      why: `its worker was gone for ${spec.leash.seconds} s, so that it stopped by itself`,
    }
  } catch (error) {
    return { end: 'failed', seconds: 0, why: error instanceof Error ? error.message : String(error) }
  }
}
