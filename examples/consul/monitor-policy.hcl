# All that `npm run monitor` needs in Consul: one service each. Leave out what you do not run.
service "vault-audit-monitor" {
  policy = "write"
}

service "token-expiry-monitor" {
  policy = "write"
}

# Only if token_expiry lists Consul tokens by accessor; a token may always look at itself.
# acl = "read"
