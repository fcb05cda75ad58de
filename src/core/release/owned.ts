/** The address patterns of one version: `{version}` filled in. None where there is no version. */
export function ownedBy(patterns: readonly string[], version: string): string[] {
  return version === '' ? [] : patterns.map((pattern) => pattern.replaceAll('{version}', version))
}

/** Whether an address fits one of the patterns, in which only `*` means something: any text. */
export function owns(patterns: readonly string[], address: string): boolean {
  return patterns.some((pattern) => {
    const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${literal.join('.*')}$`, 's').test(address)
  })
}
