import { expect, test } from 'vitest'
import { withoutTokens } from '../../src/core/vault-token.ts'

const SECRET = 'AbCdEfGhIjKlMnOpQrStUvWx'

test.each([
  [`auth/token/lookup/hvs.${SECRET}`, 'auth/token/lookup/***'],
  [`hvb.${SECRET.repeat(4)}`, '***'],
  [`kv/data/s.${SECRET}.ns1d5/a`, 'kv/data/***/a'],
  [`auth/token/lookup-accessor/${SECRET}`, 'auth/token/lookup-accessor/***'],
  [`team/auth/token/revoke-accessor/8609694a-cdbc-db9b-d345-e782dbb562ed`, 'team/auth/token/revoke-accessor/***'],
  ['auth/token/revoke/anything', 'auth/token/revoke/***'],
  [`approle ${'hmac-sha256:0aff'.padEnd(76, 'b')} x`, 'approle *** x'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutTokens(text)).toBe(shown)
})

test.each([
  'kv/data/payments/db',
  'auth/token/lookup-self',
  'auth/approle/role/ci/secret-id-accessor/lookup',
  'auth/token/lookup/...',
  '8609694a-cdbc-db9b-d345-e782dbb562ed',
  'ldap-j.doe',
  'db.eu-west.example.com',
])('%s stays as it is', (text) => {
  expect(withoutTokens(text)).toBe(text)
})
