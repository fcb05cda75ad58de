resource "terraform_data" "app" {
  triggers_replace = "v2"
  lifecycle {
    create_before_destroy = true
  }
  provisioner "local-exec" {
    command = "exit 1"
  }
}
