# The first three are the interface of ../loadtest: the same sizes and commands drive either.

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
  description = "End of the image's name (1.0 finds IMAGE_NAME-1.0 among this account's own), or the id of an image (ami-...)."
  type        = string
  default     = "1.0"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", var.image_version))
    error_message = "image_version must be 1 to 63 letters, digits, dots, dashes or underscores, such as 1.0 or ami-0123456789abcdef0."
  }
}

variable "image_name" {
  description = "Name of the image without its version. It brings a Consul agent and the program of both roles."
  type        = string
  default     = "loadtest"
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-central-1"
}

variable "vpc_id" {
  description = "The network the instances live in."
  type        = string
}

variable "subnet_tier" {
  description = "Instances go to the subnets of the network that bear this value of the tag `tier`."
  type        = string
  default     = "private"
}

variable "instance_type" {
  description = "Size of each machine."
  type        = string
  default     = "t3.small"
}

variable "port" {
  description = "Where the program of the image answers, with / and /health."
  type        = number
  default     = 8080
}
