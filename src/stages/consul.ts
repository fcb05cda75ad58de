import type { RunContext } from '../core/workflow.ts'
import type { ConsulClient } from '../tools/consul.ts'
import { createConsul } from '../tools/consul.ts'

/** The Consul of this worker: the one that its environment names, else the agent of this machine. */
export function consulOf({ inherit }: Pick<RunContext, 'inherit'>): ConsulClient {
  return createConsul(inherit.CONSUL_HTTP_ADDR ?? '127.0.0.1:8500', inherit.CONSUL_HTTP_TOKEN)
}
