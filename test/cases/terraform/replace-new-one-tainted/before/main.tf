resource "terraform_data" "app" {
  triggers_replace = "v1"
}
