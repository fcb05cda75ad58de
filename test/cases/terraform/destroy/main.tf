module "pool" {
  source = "./parts"
}

output "where" {
  value = "here"
}
