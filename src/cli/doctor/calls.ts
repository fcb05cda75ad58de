import { callAddress } from '../../core/call/address.ts'
import type { Site } from '../../core/site.ts'
import type { Check } from './check.ts'
import { fail, ok, warn } from './check.ts'

/** The variables that the calls of a site need where workers run; what is in them is never said. */
export function checkCalls({ calls }: Pick<Site, 'calls'>, env: Readonly<NodeJS.ProcessEnv>): Check[] {
  return Object.entries(calls).flatMap(([name, { secret_url: address, secret_headers: headers }]) => {
    const what = `call ${name}`
    const needed = [...(address ? [address] : []), ...Object.values(headers)]
    const missing = needed.filter((variable) => !env[variable]?.trim())
    if (missing.length > 0)
      return [warn(what, `${missing.join(', ')} not set here`, 'Set it where workers run: without it nothing is sent')]
    if (address && callAddress(env[address] ?? '') === null)
      return [fail(what, `${address} is no address`, 'Set it to all of it, with https://, and without a user in it')]
    return needed.length > 0 ? [ok(what, `${needed.join(', ')} set here`)] : []
  })
}
