resource "terraform_data" "app" {
  count = 3
  input = "v1"
}
