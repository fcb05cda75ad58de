terraform {
  required_version = ">= 1.4"

  # Partial on purpose: the site gives the path (-backend-config=path=...), CONSUL_HTTP_ADDR says where Consul is.
  backend "consul" {}
}
