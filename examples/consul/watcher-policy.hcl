# All that token_expiry needs in Vault. `write` on a path of accessors shows and renews tokens; it cannot use them.
path "auth/token/lookup-accessor" {
  capabilities = ["update"]
}

# Only for entries with `renew: true`.
path "auth/token/renew-accessor" {
  capabilities = ["update"]
}

path "auth/approle/role/+/secret-id" {
  capabilities = ["list"]
}

path "auth/approle/role/+/secret-id-accessor/lookup" {
  capabilities = ["update"]
}

path "pki/cert/*" {
  capabilities = ["read"]
}
