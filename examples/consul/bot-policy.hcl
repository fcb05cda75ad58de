# All that the bot needs in Consul to watch it for alerts and to look things up (`/consul`). Its token has to be valid in every datacenter that is watched.

# Checks of nodes, serfHealth among them: without it a dead node cannot be told from a quiet one, and the bot says that it is blind.
node_prefix "" {
  policy = "read"
}

# Checks of services, and where a monitor listens. Consul leaves out what a token may not read, without a word: give it for all services.
service_prefix "" {
  policy = "read"
}

# Only if a bot runs on the host of a monitor whose page listens on loopback: the bot asks its agent whether that is its own host.
# agent_prefix "" {
#   policy = "read"
# }

# Only for `consul kv get` and `kv ls`: the keys that people may look up. What is not given here the bot cannot show, whatever its site says.
# key_prefix "config/" {
#   policy = "read"
# }

# Only for triggers that wait for an event (`on: { event: release }`). Those that wait for an instance need nothing more.
# event_prefix "" {
#   policy = "read"
# }

# Images, deploys and Terraform's state need more: docs/images-and-releases.md.
