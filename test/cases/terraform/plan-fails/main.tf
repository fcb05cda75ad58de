resource "terraform_data" "fine" {
  input = "v1"
}

resource "terraform_data" "refused" {
  depends_on = [terraform_data.fine]
  lifecycle {
    precondition {
      condition     = length(terraform_data.fine.input) > 5
      error_message = "Too short."
    }
  }
}
