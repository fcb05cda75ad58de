resource "terraform_data" "kept" {
  input = "v1"
}
