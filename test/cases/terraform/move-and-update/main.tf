resource "terraform_data" "new" {
  input = "v2"
}

moved {
  from = terraform_data.old
  to   = terraform_data.new
}
