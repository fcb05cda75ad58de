resource "terraform_data" "app" {
  triggers_replace = "v2"
  lifecycle {
    create_before_destroy = true
  }
}
