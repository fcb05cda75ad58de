import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isScalar, parseDocument, type Scalar, visit } from 'yaml'
import { root } from './parts/program.ts'

export const siteFile = join(root, 'examples/site/groundcrew.yml')

/** Where the parts that the site names by address listen in this demo. */
export type Addresses = { readonly slack: string; readonly jenkins: string }

/**
 * The example site for a demo on other ports, wherever the file is put: with the addresses of this demo, and whole paths. All else stays as it
 * is, to the line, so that what is said of the copy is true of the file that people read.
 */
export function demoSite({ slack, jenkins }: Addresses): string {
  const text = readFileSync(siteFile, 'utf8')
  const site = parseDocument(text)
  const changes: [Scalar, string][] = []
  visit(site, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && /^\.\.?\//.test(node.value))
        changes.push([node, resolve(dirname(siteFile), node.value)])
    },
  })
  const address = (path: readonly string[], url: string) => {
    const node = site.getIn(path, true)
    if (!isScalar(node)) throw new Error(`${siteFile} has no ${path.join('.')}.`)
    changes.push([node, url])
  }
  address(['calls', 'announce', 'url'], `${slack}/api/chat.postMessage`)
  address(['jenkins', 'smoke', 'url'], `${jenkins}/job/smoke`)
  const places = changes.map(([{ range }, value]) => ({ from: range?.[0] ?? 0, to: range?.[1] ?? 0, value }))
  return places
    .toSorted((one, other) => other.from - one.from)
    .reduce((rest, { from, to, value }) => rest.slice(0, from) + JSON.stringify(value) + rest.slice(to), text)
}
