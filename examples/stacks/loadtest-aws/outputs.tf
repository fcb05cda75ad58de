output "services" {
  description = "Consul service -> how many instances of it must pass."
  value       = { for role in local.roles : role.service => role.count }
}

output "apps" {
  description = "The auto scaling group that holds the application's instances."
  value       = [aws_autoscaling_group.role["app"].name]
}

output "generators" {
  description = "The auto scaling group that holds the load generators."
  value       = [aws_autoscaling_group.role["generator"].name]
}
