import { readFile } from 'node:fs/promises'
import type { Route } from './exchange.ts'
import { send } from './exchange.ts'

const TYPES = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' } as const
const FILES = [
  ...(['page.css', 'run.css', 'log.css', 'plan.css', 'phone.css', 'icon.svg'] as const),
  ...(['ansi.js', 'list.js', 'live.js', 'log.js', 'morph.js', 'run.js'] as const),
]

/** Scripts and styles of the pages: our own files, and no secret in them. */
export async function assetRoutes(): Promise<Route[]> {
  const read = (name: string) => readFile(new URL(`./assets/${name}`, import.meta.url))
  const files = await Promise.all(FILES.map(async (name) => ({ name, content: await read(name) })))
  return files.map(({ name, content }) => ({
    method: 'GET',
    // Where a page is only text, browsers look for a picture in the old place.
    path: new RegExp(`^/assets/${name.replace('.', '\\.')}$${name === 'icon.svg' ? '|^/favicon\\.ico$' : ''}`),
    async answer({ response }) {
      send(response, 200, TYPES[name.split('.')[1] as keyof typeof TYPES], content)
    },
  }))
}
