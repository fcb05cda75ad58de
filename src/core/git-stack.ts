import { z } from 'zod'

/** https, ssh (as a URL or as `git@host:path`), a path or file:// of this machine. */
const SSH = /^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[^\s:][^\s]*$/
const URL_FORM = /^(https|ssh|file):\/\/[^\s]+$/
const PATH_FORM = /^[^\s:-][^\s:]*$/

const address = z.string().superRefine((text, context) => {
  const say = (message: string) => context.addIssue({ code: 'custom', message })
  if (/^(http|git):\/\//.test(text)) return say('goes over the network unprotected: use https:// or ssh://')
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/.test(text))
    return say('holds a password: give credentials by name under `pass`, never in the address')
  if (!SSH.test(text) && !URL_FORM.test(text) && !PATH_FORM.test(text))
    say('expected https://..., ssh://..., git@host:path or the path of a repository')
})

/** A branch, a tag or a commit: one name, which git can read neither as an option nor as two refs. */
const ref = z
  .string()
  .regex(/^[A-Za-z0-9_][\w./+-]*$/, { error: 'expected a branch, a tag or a full commit id' })
  .refine((text) => !/\.\.|\/\/|\/$|\.$|\.lock$/.test(text), {
    error: 'expected a branch, a tag or a full commit id',
  })

const folder = z
  .string()
  .default('.')
  .refine((text) => isInside(text), { error: 'expected a folder within the repository, such as stacks/web' })

/** The same where somebody chooses one. */
export function gitRef() {
  return ref
}

/** A stack that lies in a git repository. */
export const gitStack = z.strictObject({ git: address, ref, path: folder })
export type GitStack = z.infer<typeof gitStack>

/** A relative path that leads to no parent and looks like no option. */
export function isInside(path: string): boolean {
  return path !== '' && !/^[-/~]|\0|\\/.test(path) && !path.split('/').includes('..')
}

/** Whether the address is a path of this machine, which may be relative to the site file. */
export function isPath(address: string): boolean {
  return !SSH.test(address) && !URL_FORM.test(address)
}
