variable "live_version" {
  description = "Version of the image that is live. Empty: none yet."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9][A-Za-z0-9._+-]{0,63})?$", var.live_version))
    error_message = "live_version must be empty, or up to 64 letters, digits and . _ + - such as 1.4.2."
  }
}

variable "next_version" {
  description = "Version that stands beside it, out of service until a release switches over. Empty: none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([A-Za-z0-9][A-Za-z0-9._+-]{0,63})?$", var.next_version))
    error_message = "next_version must be empty, or up to 64 letters, digits and . _ + - such as 1.4.3."
  }
}

variable "web_count" {
  description = "How many instances each version has. A destroy needs no value."
  type        = number
  default     = 2

  validation {
    condition     = var.web_count >= 0 && floor(var.web_count) == var.web_count
    error_message = "web_count must be a whole number, 0 or more."
  }
}

variable "service" {
  description = "Name of the service in Consul."
  type        = string
  default     = "web"
}

variable "image" {
  description = "Name of the image; its versions are the archives IMAGE-VERSION.tgz in image_dir."
  type        = string
  default     = "app"
}

variable "image_dir" {
  description = "Where the images lie, as ../../images bakes them."
  type        = string
  default     = "/tmp/groundcrew-images"

  validation {
    condition     = can(regex("^/[^/]", var.image_dir))
    error_message = "image_dir must be an absolute path other than /, such as /var/lib/groundcrew/images."
  }
}

variable "run_dir" {
  description = "Where new instances keep their program, record and log. Those that run keep the one they have."
  type        = string
  default     = "/tmp/groundcrew-web"

  validation {
    condition     = can(regex("^/[^/]", var.run_dir))
    error_message = "run_dir must be an absolute path other than /, such as /var/lib/groundcrew/web."
  }
}

variable "boot_seconds" {
  description = "How long an instance takes to boot, to see what happens while an apply runs."
  type        = number
  default     = 0

  validation {
    condition     = var.boot_seconds >= 0 && var.boot_seconds <= 600
    error_message = "boot_seconds must be between 0 and 600."
  }
}
