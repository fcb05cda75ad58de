resource "terraform_data" "first" {
  input = "v1"
}

resource "terraform_data" "slow" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    command = "exec sleep 5"
  }
}

resource "terraform_data" "never" {
  depends_on = [terraform_data.slow]
}
