import { readFile, rm } from 'node:fs/promises'
import { httpRequest, RESULT } from './request.ts'
import { send } from './send.ts'

/** A program of its own, so that a request outlives the worker that sent it and is never sent by a second one: `node call.ts request.json`. */
const file = process.argv[2] ?? ''
const request = httpRequest.parse(JSON.parse(await readFile(file, 'utf8')))
await rm(file)
const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
process.on('SIGTERM', () => {})
const result = await send(request, stop.signal, (line) => process.stdout.write(`${line}\n`))
process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`)
