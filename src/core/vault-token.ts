/** Tokens of Vault: `hvs.` (service), `hvb.` (batch), `hvr.` (recovery), and `s.`, `b.`, `r.` before Vault 1.10. */
const TOKEN = /\b(?:hv[sbr]|[sbr])\.[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)?/g
/** Old calls carry the token, and some the accessor, in the path. */
const CARRIED =
  /((?:^|\/)(?:auth\/token\/(?:lookup|renew|revoke|revoke-orphan)|(?:lookup|renew|revoke)-accessor)\/)(?!\.\.\.)[^/\s]+/g
const HMAC = /\bhmac-sha256:[0-9a-f]+/g

/** Hides what looks like a token, an accessor in a path, or the HMAC of either, in a name that Vault's clients chose. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '***').replace(HMAC, '***').replace(CARRIED, '$1***')
}
