moved {
  from = terraform_data.old
  to   = terraform_data.new
}

removed {
  from = terraform_data.kept
  lifecycle {
    destroy = false
  }
}

resource "terraform_data" "new" {}

resource "terraform_data" "app" {
  triggers_replace = "v2"
}

resource "terraform_data" "changed" {
  input = "v2"
}

resource "terraform_data" "added" {
  count = 2
}

check "reachable" {
  data "terraform_remote_state" "nested" {
    backend  = "local"
    config   = { path = terraform_data.changed.output }
    defaults = {}
  }
  assert {
    condition     = data.terraform_remote_state.nested.backend == "local"
    error_message = "Never."
  }
}

output "color" {
  value = "green"
}
