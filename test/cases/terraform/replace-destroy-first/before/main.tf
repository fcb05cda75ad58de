resource "terraform_data" "app" {
  triggers_replace = { image = "v1" }
  lifecycle {
    create_before_destroy = false
  }
}
