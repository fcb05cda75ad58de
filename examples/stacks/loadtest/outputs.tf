output "services" {
  description = "Consul service -> how many instances of it must pass."
  value       = { "loadtest-app" = var.app_count, "loadtest-generator" = var.generator_count }
}

output "apps" {
  description = "Consul service ids of the application's instances."
  value       = local.app_ids
}

output "generators" {
  description = "Consul service ids of the load generators."
  value       = local.generator_ids
}
