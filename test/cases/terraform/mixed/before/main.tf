resource "terraform_data" "old" {}

resource "terraform_data" "kept" {}

resource "terraform_data" "gone" {}

resource "terraform_data" "app" {
  triggers_replace = "v1"
}

resource "terraform_data" "changed" {
  input = "v1"
}
