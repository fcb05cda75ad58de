import { withoutPasswords } from '../user-info.ts'
import { withoutTokens } from '../vault-token.ts'

/** What a check says, without what looks like a token of Vault in it, or the password of an address. */
export function withoutSecrets(text: string): string {
  return withoutPasswords(withoutTokens(text))
}
