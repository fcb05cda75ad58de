resource "terraform_data" "app" {
  triggers_replace = "v1"
  lifecycle {
    create_before_destroy = true
  }
}
