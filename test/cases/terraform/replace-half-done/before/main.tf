resource "terraform_data" "app" {
  count            = 2
  triggers_replace = "v1"
}
