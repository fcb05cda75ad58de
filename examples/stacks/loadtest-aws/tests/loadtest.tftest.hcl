mock_provider "aws" {
  mock_data "aws_ami" {
    defaults = { id = "ami-0aaaaaaaaaaaaaaaa" }
  }

  mock_data "aws_vpc" {
    defaults = { cidr_block = "10.20.0.0/16" }
  }

  mock_data "aws_subnets" {
    defaults = { ids = ["subnet-1", "subnet-2"] }
  }

  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
}

variables {
  vpc_id          = "vpc-0123456789abcdef0"
  app_count       = 5
  generator_count = 2
  image_version   = "1.0"
}

run "each_role_has_a_group_of_its_size" {
  assert {
    condition     = aws_autoscaling_group.role["app"].desired_capacity == 5
    error_message = "Expected five instances of the application."
  }

  assert {
    condition     = aws_autoscaling_group.role["generator"].desired_capacity == 2
    error_message = "Expected two load generators."
  }

  assert {
    condition     = output.services == { "loadtest-app" = 5, "loadtest-generator" = 2 }
    error_message = "The output services must say how many instances of each service must pass in Consul."
  }

  assert {
    condition     = length(output.apps) == 1 && length(output.generators) == 1
    error_message = "Each role is one auto scaling group."
  }
}

run "a_version_finds_the_image_by_name" {
  assert {
    condition     = contains(one(data.aws_ami.instance[0].filter).values, "loadtest-1.0")
    error_message = "The image must be looked up as loadtest-1.0."
  }

  assert {
    condition     = aws_launch_template.role["app"].image_id == "ami-0aaaaaaaaaaaaaaaa"
    error_message = "The launch template must use the image that was found."
  }

  assert {
    condition     = strcontains(base64decode(aws_launch_template.role["app"].user_data), "/etc/consul.d/loadtest-app.json")
    error_message = "The instance must register itself in Consul."
  }
}

run "an_image_id_is_used_as_it_is" {
  variables {
    image_version = "ami-0bbbbbbbbbbbbbbbb"
  }

  assert {
    condition     = length(data.aws_ami.instance) == 0
    error_message = "Nothing must be looked up for an image id."
  }

  assert {
    condition     = aws_launch_template.role["generator"].image_id == "ami-0bbbbbbbbbbbbbbbb"
    error_message = "The launch template must use the image id that was given."
  }
}

run "nothing_may_run" {
  command = plan

  variables {
    app_count       = 0
    generator_count = 0
  }

  assert {
    condition     = aws_autoscaling_group.role["app"].max_size == 0
    error_message = "A count of 0 must leave an empty group."
  }
}

run "a_negative_count_is_refused" {
  command = plan

  variables {
    app_count = -1
  }

  expect_failures = [var.app_count]
}

run "half_a_generator_is_refused" {
  command = plan

  variables {
    generator_count = 1.5
  }

  expect_failures = [var.generator_count]
}

run "a_version_with_a_space_is_refused" {
  command = plan

  variables {
    image_version = "1.0 beta"
  }

  expect_failures = [var.image_version]
}
