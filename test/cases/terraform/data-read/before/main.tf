resource "terraform_data" "path" {
  input = "other.json"
}
