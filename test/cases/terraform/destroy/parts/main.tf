resource "terraform_data" "app" {
  for_each = toset(["one", "two"])
  input    = each.key
}
