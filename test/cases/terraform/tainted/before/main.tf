resource "terraform_data" "app" {
  provisioner "local-exec" {
    command = "exit 1"
  }
}
