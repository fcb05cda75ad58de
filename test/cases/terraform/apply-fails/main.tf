resource "terraform_data" "first" {
  input = "v1"
}

resource "terraform_data" "broken" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "echo token=hunter2hunter2; exit 3"
  }
}

resource "terraform_data" "never" {
  depends_on = [terraform_data.broken]
}
