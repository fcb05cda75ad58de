variable "password" {
  type      = string
  sensitive = true
  default   = "correct horse battery"
}

resource "terraform_data" "app" {
  input = { user = "ann", password = var.password }
}
