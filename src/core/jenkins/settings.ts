import { z } from 'zod'
import { pattern } from '../pattern.ts'
import { secretName } from '../promotion/settings.ts'
import { duration } from '../site/words.ts'

const parameter = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a parameter' })

/** The parameter by which the build of a stage is known again. Jenkins drops what a job does not declare, so that it has to. */
export const MARK = 'GROUNDCREW_EXECUTION'

/** A job of Jenkins that a stage may start: exactly this one. */
export const jenkinsSettings = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'expected https://HOST/job/NAME' })
      .refine((text) => /^https?:\/\/[^/?#@]+(\/[^?#]*?)?(\/job\/[^/?#]+)+\/?$/.test(text), {
        error: 'expected the address of a job, as the browser shows it (https://HOST/job/FOLDER/job/NAME)',
      })
      .transform(withoutViews),
    /** Variables of the worker's environment: who starts it, and his API token. */
    user: secretName,
    token: secretName,
    /** Parameters that are always the same. */
    parameters: z.record(parameter, z.string()).default({}),
    /** Those that a command file may give, and the pattern that all of the value must fit. */
    takes: z.record(parameter, pattern).default({}),
    /** Whether UNSTABLE counts as done. */
    unstable: z.boolean().default(false),
    poll: duration.default('5s'),
    /** From the start of the stage, with the time in Jenkins' queue: then the build is stopped. */
    timeout: duration.default('1h'),
  })
  .refine(({ parameters, takes }) => !Object.hasOwn(parameters, MARK) && !Object.hasOwn(takes, MARK), {
    error: `sets ${MARK}, which is set for it`,
  })

export type JenkinsSettings = z.infer<typeof jenkinsSettings>

/**
 * A browser shows the views that somebody came by (`/view/all/job/NAME`), and Jenkins has neither its queue nor its crumbs below a view. A folder
 * or a job may be called `view` too.
 */
function withoutViews(text: string): string {
  if (!text.includes('/view/')) return text
  const [, host = '', path = ''] = /^(https?:\/\/[^/]+)(.*)$/.exec(text) ?? []
  const parts = path.split('/').slice(1)
  const kept: string[] = []
  for (let at = 0; at < parts.length; at++) {
    const [part = '', next] = parts.slice(at, at + 2)
    if (part === 'view' && next !== undefined) at++
    else if (part === 'job' && next !== undefined) kept.push(part, parts[++at] ?? '')
    else kept.push(part)
  }
  return `${host}/${kept.join('/')}`
}
