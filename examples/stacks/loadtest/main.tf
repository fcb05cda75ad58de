# Two resources an instance. The slot holds the cleanup: its creation runs nothing, so it can never be tainted, and destroy
# provisioners do not run for tainted resources. The other one starts the process; when that fails or is cut off, the slot
# still stops whatever came of it. README.md says how the processes stay free of leaks.

locals {
  run_dir = trimsuffix(var.run_dir, "/")
  program = "${path.module}/instance/main.mjs" # used while creating only, never kept in the state

  # Destroy runs the copy of the program that the start left beside the instance. Where that is gone the stack's own copy
  # serves, and with neither the instance itself sees that its record is gone and leaves.
}

resource "terraform_data" "app_slot" {
  count            = var.app_count
  input            = { name = "app-${count.index}", service = "loadtest-app", run_dir = local.run_dir }
  triggers_replace = local.run_dir # moved elsewhere, it must first be stopped where it was

  provisioner "local-exec" {
    when  = destroy
    quiet = true
    environment = {
      INSTANCE_DIR = "${self.input.run_dir}/${self.input.name}-${substr(self.id, 0, 8)}"
    }
    command = <<-SH
      if [ -O "$INSTANCE_DIR/main.mjs" ]; then exec node "$INSTANCE_DIR/main.mjs" stop; fi
      if [ -f instance/main.mjs ]; then exec node instance/main.mjs stop; fi
      rm -rf "$INSTANCE_DIR"
    SH
  }
}

resource "terraform_data" "app" {
  count            = var.app_count
  input            = { id = local.app_ids[count.index], version = var.image_version }
  triggers_replace = [terraform_data.app_slot[count.index].id, var.image_version]

  provisioner "local-exec" {
    command = "exec node \"$PROGRAM\" start" # exec: a signal from Terraform must reach the program itself
    quiet   = true
    environment = {
      PROGRAM      = local.program
      INSTANCE_DIR = "${local.run_dir}/${self.input.id}"
      INSTANCE = jsonencode({
        service     = "loadtest-app"
        version     = self.input.version
        bootSeconds = var.boot_seconds
        slot        = terraform_data.app_slot[count.index].id
        workspace   = terraform.workspace
      })
    }
  }
}

resource "terraform_data" "generator_slot" {
  count            = var.generator_count
  input            = { name = "generator-${count.index}", service = "loadtest-generator", run_dir = local.run_dir }
  triggers_replace = local.run_dir

  provisioner "local-exec" {
    when  = destroy
    quiet = true
    environment = {
      INSTANCE_DIR = "${self.input.run_dir}/${self.input.name}-${substr(self.id, 0, 8)}"
    }
    command = <<-SH
      if [ -O "$INSTANCE_DIR/main.mjs" ]; then exec node "$INSTANCE_DIR/main.mjs" stop; fi
      if [ -f instance/main.mjs ]; then exec node instance/main.mjs stop; fi
      rm -rf "$INSTANCE_DIR"
    SH
  }
}

resource "terraform_data" "generator" {
  count            = var.generator_count
  input            = { id = local.generator_ids[count.index], version = var.image_version }
  triggers_replace = [terraform_data.generator_slot[count.index].id, var.image_version]

  depends_on = [terraform_data.app] # load is made only once there is something to load

  provisioner "local-exec" {
    command = "exec node \"$PROGRAM\" start"
    quiet   = true
    environment = {
      PROGRAM      = local.program
      INSTANCE_DIR = "${local.run_dir}/${self.input.id}"
      INSTANCE = jsonencode({
        service     = "loadtest-generator"
        version     = self.input.version
        bootSeconds = var.boot_seconds
        slot        = terraform_data.generator_slot[count.index].id
        workspace   = terraform.workspace
      })
    }
  }
}

# A part of the slot's id makes the name unique, so that two environments may share a host, a Consul and a run_dir.
locals {
  app_ids       = [for slot in terraform_data.app_slot : "${slot.input.name}-${substr(slot.id, 0, 8)}"]
  generator_ids = [for slot in terraform_data.generator_slot : "${slot.input.name}-${substr(slot.id, 0, 8)}"]
}
