import { readFile, rm } from 'node:fs/promises'
import { runBuild } from './build.ts'
import { buildRequest, RESULT } from './request.ts'

/** A program of its own, so that what started a build outlives its worker and starts none a second time: `node call.ts request.json`. */
const file = process.argv[2] ?? ''
const request = buildRequest.parse(JSON.parse(await readFile(file, 'utf8')))
await rm(file)
const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
process.on('SIGTERM', () => {})
const say = (line: string) => void process.stdout.write(`${line}\n`)
const result = await runBuild(request, { start: true, stop: stop.signal, say })
process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`)
