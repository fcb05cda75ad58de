output "services" {
  description = "Consul service -> how many instances of each version must pass."
  value       = { (var.service) = var.web_count }
}

output "versions" {
  description = "Which version is live and which stands beside it."
  value       = { live = var.live_version, next = var.next_version }
}
