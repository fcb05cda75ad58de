# Nothing real: resources of the state alone. An apply takes as long as `hold` says, and notes that it came and that it went.
terraform {
  backend "consul" {}
}

variable "items" {
  type    = number
  default = 1
}

# The folder in which applies note themselves.
variable "notes" {
  type = string
}

# Seconds that an apply takes; taking it down again is quicker.
variable "hold" {
  type    = number
  default = 0
}

resource "terraform_data" "item" {
  count = var.items
  input = "item ${count.index}"
}

resource "terraform_data" "held" {
  input      = var.hold
  depends_on = [terraform_data.item]

  provisioner "local-exec" {
    command = "sleep ${var.hold}"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "sleep ${floor(self.input / 5)}"
  }
}
