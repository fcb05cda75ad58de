# The least that has something to plan and to apply: no provider to fetch, nothing runs, the state is a file.

terraform {
  backend "local" {}
}

variable "instances" {
  description = "How many resources there are."
  type        = number
}

resource "terraform_data" "instance" {
  count = var.instances
  input = "instance-${count.index}"
}
