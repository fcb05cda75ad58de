resource "terraform_data" "app" {
  triggers_replace = "v3"
  lifecycle {
    create_before_destroy = true
  }
}
