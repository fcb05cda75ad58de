bucket       = "example-terraform-state"
key          = "loadtest/terraform.tfstate"
region       = "eu-central-1"
encrypt      = true
use_lockfile = true
