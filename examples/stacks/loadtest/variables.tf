variable "app_count" {
  description = "How many instances of the application run. The site's sizes set it; a destroy needs no value."
  type        = number
  default     = 2

  validation {
    condition     = var.app_count >= 0 && floor(var.app_count) == var.app_count
    error_message = "app_count must be a whole number, 0 or more."
  }
}

variable "generator_count" {
  description = "How many load generators run. The site's sizes set it; a destroy needs no value."
  type        = number
  default     = 1

  validation {
    condition     = var.generator_count >= 0 && floor(var.generator_count) == var.generator_count
    error_message = "generator_count must be a whole number, 0 or more."
  }
}

variable "image_version" {
  description = "Version that every instance runs and reports. \"broken\" is an image whose application does not boot."
  type        = string
  default     = "1.0"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", var.image_version))
    error_message = "image_version must be 1 to 63 letters, digits, dots, dashes or underscores, such as 1.0 or 2026-11-20."
  }
}

variable "run_dir" {
  description = "Where instances keep their program, record and log. Fixed: it must not change with the copy of this stack."
  type        = string
  default     = "/tmp/groundcrew-loadtest"

  validation {
    condition     = can(regex("^/[^/]", var.run_dir))
    error_message = "run_dir must be an absolute path other than /, such as /var/lib/groundcrew/loadtest."
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
