import { z } from 'zod'

/** A regular expression that the site has for a value. */
export const pattern = z.string().refine(isPattern, { error: 'expected a regular expression' })

/** Whether all of the value fits it, and not just a part. */
export function fitsAll(text: string, value: string): boolean {
  return new RegExp(`^(?:${text})$`).test(value)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
