# An instance belongs to a version, by its key: "1.4.2/0". So a version that becomes live changes nothing of its instances, and taking the
# old version away only deletes. README.md says how a release uses that, and how the processes stay free of leaks.

locals {
  run_dir  = trimsuffix(var.run_dir, "/")
  program  = "${path.module}/instance/main.mjs" # used while creating only, never kept in the state
  versions = toset(compact([var.live_version, var.next_version]))

  instances = {
    for pair in setproduct(local.versions, range(var.web_count)) :
    "${pair[0]}/${pair[1]}" => { version = pair[0], name = "${var.service}-${pair[0]}-${pair[1]}" }
  }
}

# The slot holds the cleanup: its creation runs nothing, so it can never be tainted, and destroy provisioners do not run for tainted
# resources. It is never replaced either: what it knows of its folder stays as it was made.
resource "terraform_data" "slot" {
  for_each = local.instances
  input    = { name = each.value.name, run_dir = local.run_dir }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [input]
  }

  provisioner "local-exec" {
    when  = destroy
    quiet = true
    environment = {
      SLOT_DIR = "${self.input.run_dir}/${self.input.name}-${substr(self.id, 0, 8)}"
    }
    command = <<-SH
      if [ -O "$SLOT_DIR/main.mjs" ]; then exec node "$SLOT_DIR/main.mjs" stop; fi
      if [ -f instance/main.mjs ]; then exec node instance/main.mjs stop; fi
      rm -rf "$SLOT_DIR"
    SH
  }
}

# The process. Where it is made anew (-replace, or tainted), the new one runs before the old one goes.
resource "terraform_data" "web" {
  for_each         = local.instances
  input            = { name = each.value.name, version = each.value.version }
  triggers_replace = [terraform_data.slot[each.key].id]

  lifecycle {
    create_before_destroy = true
  }

  provisioner "local-exec" {
    command = "exec node \"$PROGRAM\" start" # exec: a signal from Terraform must reach the program itself
    quiet   = true
    environment = {
      PROGRAM  = local.program
      SLOT_DIR = "${terraform_data.slot[each.key].output.run_dir}/${terraform_data.slot[each.key].output.name}-${substr(terraform_data.slot[each.key].id, 0, 8)}"
      INSTANCE = jsonencode({
        id          = "${self.input.name}-${substr(self.id, 0, 8)}"
        service     = var.service
        version     = self.input.version
        standby     = self.input.version != var.live_version # a release puts it into service once it is healthy
        image       = "${trimsuffix(var.image_dir, "/")}/${var.image}-${self.input.version}.tgz"
        bootSeconds = var.boot_seconds
        slot        = terraform_data.slot[each.key].id
        workspace   = terraform.workspace
      })
    }
  }
}
