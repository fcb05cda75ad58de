resource "terraform_data" "new" {
  input = "v1"
}

moved {
  from = terraform_data.old
  to   = terraform_data.new
}
