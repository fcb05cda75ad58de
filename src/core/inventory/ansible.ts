import type { Host, Inventory } from './inventory.ts'
import type { InventorySettings } from './settings.ts'

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value }
type Variables = { readonly [name: string]: Value }

/** What is missing of an inventory, by datacenter. */
export type Missing = readonly { readonly dc: string; readonly why: string }[]

/**
 * What Ansible reads from an inventory script that is called with `--list`:
 * https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html#inventory-script-conventions
 * Every host is in the group of its datacenter, so that none is ungrouped.
 */
export function ansibleList(
  { hosts, groups, leftOut }: Inventory,
  settings: InventorySettings,
  missing: Missing,
): Variables {
  const complete = missing.length === 0 && leftOut.length === 0
  const state = {
    complete,
    missing: Object.fromEntries(missing.map(({ dc, why }) => [dc, text(why)])),
    left_out: leftOut.map(({ node, dc, why }) => text(`${node} of ${dc}: ${why}`)),
  }
  return {
    _meta: { hostvars: Object.fromEntries(hosts.map((host) => [host.name, hostVariables(host, settings)])) },
    all: {
      children: ['ungrouped', ...groups.map(({ name }) => name)],
      vars: { ...settings.vars, consul_inventory: state },
    },
    ungrouped: { hosts: [] },
    ...Object.fromEntries(groups.map(({ name, hosts: members }) => [name, { hosts: members }])),
  }
}

/** What it reads for `--host`. All that people may choose in Consul is under `consul_`, and text to Ansible, whatever stands in it. */
export function hostVariables(host: Host, { user }: Pick<InventorySettings, 'user'>): Variables {
  const { name: _name, node, dc, address, port, state, jump, meta, services } = host
  return {
    ansible_host: address,
    ...(port === null ? {} : { ansible_port: port }),
    ...(user === undefined ? {} : { ansible_user: user }),
    ...(jump.length === 0 ? {} : { ansible_ssh_common_args: `-o ProxyJump=${jump.join(',')}` }),
    consul_node: text(node),
    consul_datacenter: text(dc),
    consul_state: state,
    consul_jump: jump,
    consul_meta: mapped(meta, text),
    consul_services: mapped(services, (those) =>
      those.map((each) => ({
        ...{ id: text(each.id), address: text(each.address), port: each.port, state: each.state },
        tags: each.tags.map(text),
      })),
    ),
  }
}

function mapped<T>(record: Readonly<Record<string, T>>, to: (value: T) => Value): Variables {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]))
}

/**
 * Ansible runs what looks like a template in a variable, on the machine where Ansible runs: `{{ lookup('pipe', ...) }}` in a tag would be
 * somebody else's command there. Whatever has more in it than plain words is marked as unsafe, so that it stays text.
 */
function text(value: string): Value {
  return /^[\w .,:;/@+=()-]*$/.test(value) ? value : { __ansible_unsafe: value }
}
