# The lower layer: a runtime, as one archive. A real one would be a machine image; the bot treats both alike.

# Groundcrew gives every template these two.
variable "version" {
  type = string
}
variable "manifest" {
  type = string
}

# Where the archives are kept, the same folder for all versions.
variable "image_dir" {
  type = string
}

locals {
  artifact = "${var.image_dir}/base-${var.version}.tgz"
}

source "null" "base" {
  communicator = "none"
}

build {
  name    = "base"
  sources = ["null.base"]

  provisioner "shell-local" {
    environment_vars = ["VERSION=${var.version}"]
    scripts          = ["install-runtime.sh"]
  }

  provisioner "shell-local" {
    environment_vars = ["ARTIFACT=${local.artifact}"]
    scripts          = ["pack.sh"]
  }

  post-processors {
    post-processor "artifice" {
      files = [local.artifact]
    }
    post-processor "manifest" {
      output = var.manifest
    }
  }
}
