resource "terraform_data" "path" {
  input = "another.json"
}

data "terraform_remote_state" "other" {
  backend = "local"
  config = {
    path = terraform_data.path.output
  }
  defaults = { color = "blue" }
}
