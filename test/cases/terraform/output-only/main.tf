resource "terraform_data" "app" {}

output "same" {
  value = 1
}

output "color" {
  value = "green"
}
