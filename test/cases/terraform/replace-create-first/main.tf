resource "terraform_data" "app" {
  triggers_replace = { image = "v2" }
  lifecycle {
    create_before_destroy = true
  }
}
