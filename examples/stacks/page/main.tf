variable "release" {
  description = "Which release of the page. \"bad\" is one whose page cannot be published."
  type        = string
  default     = "1.0"

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z._+-]{0,63}$", var.release))
    error_message = "Expected a version such as 1.4.2."
  }
}

variable "site" {
  description = "Where it is published: the name of the environment."
  type        = string
  default     = "scratch"
}

# One resource and one command, so that a promotion through three environments takes seconds.
resource "terraform_data" "page" {
  input            = var.site
  triggers_replace = var.release

  provisioner "local-exec" {
    command     = "echo \"publishing $RELEASE to $SITE\"; [ \"$RELEASE\" != bad ]"
    environment = { RELEASE = var.release, SITE = var.site }
  }
}

output "page" {
  value = "${var.site}: ${var.release}"
}
