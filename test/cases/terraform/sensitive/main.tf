variable "password" {
  type      = string
  sensitive = true
}

variable "pins" {
  type      = any
  sensitive = true
  default   = { front = 4711812, back = { door = "swordfish-9" } }
}

variable "open" {
  type    = string
  default = "not-a-secret"
}

resource "terraform_data" "app" {
  input = { user = "ann", password = var.password, open = var.open }
}

output "password" {
  value     = "pw:${var.password}"
  sensitive = true
}

output "open" {
  value = var.open
}
