# The lower layer on AWS: Debian with a runtime, copied to every region. Checked for its syntax here, never run.
# A Packer that brings no plugins of its own needs plugins.pkr.hcl.example beside it, without the .example.

variable "version" {
  type = string
}
variable "manifest" {
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

# Credentials come from the worker: name AWS_PROFILE or the like under the image's `pass` or `secrets`.
source "amazon-ebs" "base" {
  region        = var.region
  ami_regions   = var.copy_to
  instance_type = "t3.small"
  ssh_username  = "admin"
  ami_name      = "base-${var.version}"

  source_ami_filter {
    filters = {
      name                = "debian-12-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = ["136693071363"]
    most_recent = true
  }

  run_tags = {
    Name = "packer base ${var.version}"
  }
  tags = {
    version = var.version
  }
}

build {
  name    = "base"
  sources = ["amazon-ebs.base"]

  provisioner "shell" {
    inline = ["sudo apt-get update -q", "sudo apt-get install -q -y nodejs"]
  }

  # The ids of all regions, for the catalogue.
  post-processor "manifest" {
    output = var.manifest
  }
}
