resource "terraform_data" "gate" {
  provisioner "local-exec" {
    command = "sleep 1; exit 1"
  }
}

resource "terraform_data" "app" {
  count            = 2
  triggers_replace = "v2"
  depends_on       = [terraform_data.gate]
}
