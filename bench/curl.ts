import { spawn } from 'node:child_process'
import { peakMegabytes } from './memory.ts'

/** What curl measured of some addresses, one after the other on one connection. Its own start does not count. */
export type Curled = { readonly milliseconds: number; readonly bytes: number; readonly megabytes: number }

/** curl on these addresses, with nothing done with the answers. */
export async function curl(urls: readonly string[], signal: AbortSignal): Promise<Curled> {
  const each = urls.flatMap((url) => ['-o', '/dev/null', url])
  const args = ['--silent', '--globoff', '--write-out', '%{time_total} %{size_download} %{http_code}\n', ...each]
  const child = spawn('curl', args, { stdio: ['ignore', 'pipe', 'inherit'], signal })
  let [out, megabytes] = ['', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const look = () => {
    megabytes = Math.max(megabytes, peakMegabytes(child.pid ?? 0) ?? 0)
  }
  const watch = setInterval(look, 2)
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', reject).on('close', resolve)
  const code = await promise.finally(() => clearInterval(watch))
  if (code !== 0) throw new Error(`curl ended with ${code}.`)
  const lines = out.trim().split('\n')
  const parts = lines.map((line) => line.split(' ').map(Number))
  return {
    milliseconds: parts.reduce((sum, [seconds = 0]) => sum + seconds * 1000, 0),
    bytes: parts.reduce((sum, [, bytes = 0]) => sum + bytes, 0),
    megabytes,
  }
}

/** The addresses that were asked by GET while something was done, as `fetch` got them. */
export async function askedWhile(work: () => Promise<unknown>): Promise<string[]> {
  const { fetch } = globalThis
  const asked: string[] = []
  globalThis.fetch = (input, init) => {
    if ((init?.method ?? 'GET') === 'GET') asked.push(input instanceof Request ? input.url : String(input))
    return fetch(input, init)
  }
  try {
    await work()
  } finally {
    globalThis.fetch = fetch
  }
  return asked
}
