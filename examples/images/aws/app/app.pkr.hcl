# The same two layers on AWS: a machine image built on the base's image of each region. Checked for its syntax here, never run.
# A Packer that brings no plugins of its own needs plugins.pkr.hcl.example beside it, without the .example.

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

variable "region" {
  type    = string
  default = "ap-northeast-1"
}
variable "copy_to" {
  type    = list(string)
  default = ["eu-west-1"]
}

locals {
  base   = jsondecode(file(var.base_file))
  parent = [for artifact in local.base.artifacts : artifact.id if artifact.region == var.region][0]
}

# Credentials come from the worker: name AWS_PROFILE or the like under the image's `pass` or `secrets`.
source "amazon-ebs" "app" {
  region        = var.region
  ami_regions   = var.copy_to
  source_ami    = local.parent
  instance_type = "t3.small"
  ssh_username  = "admin"
  ami_name      = "app-${var.version}"

  run_tags = {
    Name = "packer app ${var.version}"
  }
  tags = {
    version = var.version
    base    = var.base_version
  }
}

build {
  name    = "app"
  sources = ["amazon-ebs.app"]

  provisioner "ansible" {
    playbook_file   = "playbook.yml"
    extra_arguments = ["-e", "version=${var.version}"]
  }

  # Fails the bake while the instance is still only Packer's own.
  provisioner "shell" {
    scripts = ["health-check.sh"]
  }

  # The ids of all regions, for the catalogue.
  post-processor "manifest" {
    output = var.manifest
  }
}
