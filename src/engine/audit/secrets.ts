import { secretsOfAddress } from '../../core/call/address.ts'
import { createMask } from '../../core/mask.ts'
import type { Site } from '../../core/site.ts'

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|_KEY$/

type Named = Pick<Site, 'environments'> &
  Partial<Pick<Site, 'webhooks' | 'promotions' | 'calls' | 'jenkins' | 'playbooks' | 'kv'>>

/** Hides what the site names as secret, and what this process was given under such names or in an address. */
export function maskOf(variables: Readonly<Record<string, string>>, site: Named) {
  const { environments, webhooks = {}, promotions = {}, calls = {}, jenkins = {}, playbooks = {}, kv = {} } = site
  const named = new Set([
    ...Object.values(environments).flatMap(({ secrets }) => secrets),
    ...Object.values(kv).flatMap(({ pass }) => pass),
    ...Object.values(webhooks).map(({ secret }) => secret),
    ...Object.values(promotions).flatMap(({ report_secret: secret }) => secret ?? []),
    ...Object.values(calls).flatMap(({ secret_headers: headers }) => Object.values(headers)),
    ...Object.values(playbooks).flatMap(({ secrets }) => secrets),
    ...Object.values(jenkins).map(({ token }) => token),
  ])
  const addresses = new Set(Object.values(calls).flatMap(({ secret_url: name }) => name ?? []))
  const values = Object.entries(variables).flatMap(([name, value]) => {
    if (addresses.has(name)) return secretsOfAddress(value)
    if (named.has(name) || SECRET_NAME.test(name)) return [value]
    return passwordIn(value)
  })
  return createMask(values)
}

function passwordIn(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/]*@/i.test(value) || !URL.canParse(value)) return []
  const { password } = new URL(value)
  return password ? [...new Set([password, decoded(password)])] : []
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
