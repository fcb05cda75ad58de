import {
  to = terraform_data.adopted
  id = "00000000-0000-4000-8000-000000000001"
}

resource "terraform_data" "adopted" {}
