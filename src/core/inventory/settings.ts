import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { duration, isDuration } from '../site/words.ts'
import { isAddress } from './names.ts'

const datacenter = z.string().regex(/^[a-z0-9_-]{1,64}$/, { error: 'expected the name of a datacenter (dc1)' })
const user = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, { error: 'expected the name of a user (deploy)' })
const port = z.number().int().min(1).max(65_535)
const node = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}\.[a-z0-9_-]{1,64}$/, {
  error: 'expected a node with its datacenter (bastion.dc1), or { address: bastion.example.com }',
})

/** Where a node is reached: as it is registered, by its LAN or WAN address, as one of its services has it, or as its meta says. */
const addressOf = z.union(
  [
    z.enum(['node', 'lan', 'wan']),
    z.strictObject({ service: z.string().min(1).max(200) }),
    z.strictObject({ meta: z.string().min(1).max(128) }),
  ],
  { error: 'expected node, lan, wan, { service: ssh } or { meta: ssh_address }' },
)

/** `at` is for a jump host that is reached otherwise than the rest, and by default like them. */
const jumpHost = z.union(
  [
    node.transform((name) => ({ node: name })),
    z.strictObject({ node, at: addressOf.optional(), user: user.optional(), port: port.optional() }),
    z.strictObject({
      address: z.string().refine(isAddress, { error: 'expected a host name or an address' }),
      user: user.optional(),
      port: port.optional(),
    }),
  ],
  {
    error:
      'expected a node with its datacenter (bastion.dc1), { node: bastion.dc1 } or { address: bastion.example.com }',
  },
)

const variable = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, { error: 'expected the name of a variable (ansible_python_interpreter)' })

/** How Consul becomes an inventory of Ansible. */
export const inventorySettings = z.strictObject({
  /** `node.dc`: `web-1.dc1`. `node`: `web-1`, and two of one name are refused. */
  names: z.enum(['node.dc', 'node']).default('node.dc'),
  user: user.optional(),
  port: port.optional(),
  address: addressOf.default('node'),
  /** The way into a datacenter: what SSH goes through, one after the other. */
  jump: z.record(datacenter, z.array(jumpHost).min(1).max(8)).default({}),
  /** Of every host. */
  vars: z.record(variable, z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** How long `crew inventory` waits for a datacenter. */
  within: duration
    .refine((text) => !isDuration(text) || milliseconds(text) <= 120_000, { error: 'expected at most 2m' })
    .default('10s'),
})

export type InventorySettings = z.infer<typeof inventorySettings>
export type AddressOf = z.infer<typeof addressOf>
export type JumpHost = z.infer<typeof jumpHost>

type Site = {
  readonly inventory: InventorySettings
  readonly consul: { readonly datacenters?: readonly string[] | undefined }
}

/** A datacenter that is never asked has no host, and is no way to others. */
export function checkInventory({ inventory, consul }: Site, context: z.RefinementCtx): void {
  const tell = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
  const known = consul.datacenters
  if (!known) return
  const missing = (dc: string) => `names the datacenter ${dc}, which is not under consul.datacenters`
  for (const [dc, hops] of Object.entries(inventory.jump)) {
    if (!known.includes(dc)) tell(['inventory', 'jump', dc], missing(dc))
    for (const [at, hop] of hops.entries()) {
      if ('node' in hop && !known.includes(datacenterIn(hop.node)))
        tell(['inventory', 'jump', dc, String(at)], missing(datacenterIn(hop.node)))
    }
  }
}

/** `dc1` of `bastion.dc1`: names of datacenters have no dot. */
export function datacenterIn(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
