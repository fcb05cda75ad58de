terraform {
  required_version = ">= 1.10" # the first with a lock file in S3

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40, < 7.0"
    }
  }

  # Partial on purpose: the site gives bucket, key and region. backend.example.hcl shows them.
  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "loadtest"
      environment = terraform.workspace
      managed_by  = "groundcrew"
    }
  }
}
