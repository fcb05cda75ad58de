locals {
  roles = {
    app       = { service = "loadtest-app", count = var.app_count }
    generator = { service = "loadtest-generator", count = var.generator_count }
  }
  by_id    = startswith(var.image_version, "ami-")
  image_id = local.by_id ? var.image_version : data.aws_ami.instance[0].id
}

data "aws_ami" "instance" {
  count       = local.by_id ? 0 : 1
  owners      = ["self"]
  most_recent = true

  filter {
    name   = "name"
    values = ["${var.image_name}-${var.image_version}"]
  }
}

data "aws_vpc" "network" {
  id = var.vpc_id
}

data "aws_subnets" "network" {
  filter {
    name   = "vpc-id"
    values = [var.vpc_id]
  }

  tags = { tier = var.subnet_tier }
}

resource "aws_security_group" "instance" {
  name_prefix = "loadtest-"
  description = "Load-test instances: reached from their own network only"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "network" {
  security_group_id = aws_security_group.instance.id
  description       = "The program and its health check"
  cidr_ipv4         = data.aws_vpc.network.cidr_block
  ip_protocol       = "tcp"
  from_port         = var.port
  to_port           = var.port
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.instance.id
  description       = "Consul, and the system under load"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_launch_template" "role" {
  for_each = local.roles

  name_prefix            = "${each.value.service}-"
  image_id               = local.image_id
  instance_type          = var.instance_type
  vpc_security_group_ids = [aws_security_group.instance.id]
  update_default_version = true

  # The agent of the image reads this, so that Consul knows the instance as it knows those of ../loadtest.
  user_data = base64encode("#cloud-config\n${yamlencode({
    write_files = [{
      path = "/etc/consul.d/${each.value.service}.json"
      content = jsonencode({
        service = {
          name  = each.value.service
          port  = var.port
          tags  = [var.image_version]
          meta  = { image_version = var.image_version }
          check = { name = "HTTP /health", http = "http://127.0.0.1:${var.port}/health", interval = "10s" }
        }
      })
    }]
    runcmd = [["systemctl", "enable", "--now", each.value.service], ["systemctl", "reload-or-restart", "consul"]]
  })}")

  metadata_options {
    http_tokens = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = each.value.service, role = each.key, image_version = var.image_version }
  }

  tags = { role = each.key }
}

resource "aws_autoscaling_group" "role" {
  for_each = local.roles

  name_prefix         = "${each.value.service}-"
  min_size            = each.value.count
  max_size            = each.value.count
  desired_capacity    = each.value.count
  vpc_zone_identifier = data.aws_subnets.network.ids

  launch_template {
    id      = aws_launch_template.role[each.key].id
    version = aws_launch_template.role[each.key].latest_version
  }

  # A new image replaces the running instances, some at a time.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 50
    }
  }

  tag {
    key                 = "role"
    value               = each.key
    propagate_at_launch = true
  }
}
