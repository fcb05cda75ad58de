resource "terraform_data" "app" {
  count = 1
  input = "v1"
}
