/** Entries in Vault's form for what the samples do not have; ids differ unless they are given. */
let made = 0

type Made = {
  readonly type?: string
  readonly error?: string
  readonly auth?: object
  readonly request?: object
  readonly response?: object
}

export const KNOWN = {
  client_token: 'hmac-sha256:aa',
  accessor: 'hmac-sha256:bb',
  display_name: 'approle',
  metadata: { role_name: 'app1' },
  token_type: 'service',
}
export const ALLOWED = { ...KNOWN, policy_results: { allowed: true } }
export const REFUSED = { ...KNOWN, policy_results: { allowed: false } }
export const NOBODY = { token_type: 'default' }

/** One line, without its newline. */
export function line({ type = 'response', error, auth = ALLOWED, request = {}, response }: Made): string {
  const id = `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`
  return JSON.stringify({
    time: '2026-11-20T09:00:00.000000001Z',
    type,
    auth,
    request: {
      id,
      operation: 'read',
      client_token: 'hmac-sha256:aa',
      path: 'kv/data/a',
      remote_address: '10.0.0.1',
      ...request,
    },
    ...(response ? { response } : {}),
    ...(error === undefined ? {} : { error }),
  })
}
