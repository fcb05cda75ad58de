# The upper layer: an app on a named version of the base image.

# Groundcrew gives every template these two, and the others to an image that has a base: base_file is JSON with what the catalogue
# has of it, { image, version, artifacts: [{ builder, id, region, files: [{ name, size }] }] }.
variable "version" {
  type = string
}
variable "manifest" {
  type = string
}
variable "base_version" {
  type = string
}
variable "base_file" {
  type = string
}

variable "image_dir" {
  type = string
}

# To see failures: "bake" makes an app that fails the health check below, "deploy" one that passes it and turns sick in service. Where it
# is empty, a version that ends in -sick or -broken is such a one.
variable "broken" {
  type    = string
  default = ""
}

locals {
  artifact = "${var.image_dir}/app-${var.version}.tgz"
  base     = jsondecode(file(var.base_file))
  parent   = local.base.artifacts[0].files[0].name
}

source "null" "app" {
  communicator = "none"
}

build {
  name    = "app"
  sources = ["null.app"]

  provisioner "shell-local" {
    environment_vars = ["PARENT=${local.parent}"]
    scripts          = ["unpack-base.sh"]
  }

  # Ansible on this machine: the provisioner "ansible" needs something to connect to.
  provisioner "shell-local" {
    environment_vars = ["VERSION=${var.version}", "BASE_VERSION=${var.base_version}", "BROKEN=${var.broken}"]
    scripts          = ["configure.sh"]
  }

  # A bake that does not work ends here, before anybody deploys it.
  provisioner "shell-local" {
    environment_vars = ["VERSION=${var.version}"]
    scripts          = ["health-check.sh"]
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
