import { isMap, isScalar, parseDocument, type Scalar } from 'yaml'

const SECTIONS = ['common', 'local']

/**
 * The text of a source file with `***` for each secret in it, however it is written there: quoted, escaped or on several lines. Lines stay
 * where they are, so that a diff of two such texts fits the files. `isSecret` is asked of keys below the prefix.
 */
export function redacted(text: string, isSecret: (rest: string) => boolean): string {
  const places = SECTIONS.flatMap((section) => {
    const map = parseDocument(text, { uniqueKeys: false }).get(section)
    if (section === 'common') return secretsBelow(map, '', isSecret)
    return isMap(map) ? map.items.flatMap(({ value }) => secretsBelow(value, '', isSecret)) : []
  })
  let result = text
  for (const [from, to] of places.toSorted(([a], [b]) => b - a))
    result = result.slice(0, from) + result.slice(from, to).replace(/[^\r\n]+/g, '***') + result.slice(to)
  return result
}

function secretsBelow(node: unknown, path: string, isSecret: (rest: string) => boolean): [number, number][] {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) =>
      secretsBelow(value, `${path}${path && '/'}${isScalar(key) ? nameOf(key) : ''}`, isSecret),
    )
  return isScalar(node) && node.range && isSecret(path) ? [[node.range[0], node.range[1]]] : []
}

function nameOf({ value, source }: Scalar): string {
  return typeof value === 'string' ? value : (source ?? '')
}
