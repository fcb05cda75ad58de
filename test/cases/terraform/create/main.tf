resource "terraform_data" "app" {
  count = 3
  input = "v1"
}

resource "terraform_data" "zone" {
  for_each = toset(["a b", "ünïcode \"q\""])
  input    = each.key
}

output "apps" {
  value = terraform_data.app[*].id
}
