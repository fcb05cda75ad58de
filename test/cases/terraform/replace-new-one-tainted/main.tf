resource "terraform_data" "app" {
  triggers_replace = "v2"
  provisioner "local-exec" {
    command = "exit 1"
  }
}
