/** Asks Consul to change something. Throws what it said, where it refused. */
export async function put(consul: string, path: string, body?: unknown): Promise<void> {
  const response = await fetch(`${consul}${path}`, {
    method: 'PUT',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`Consul refused ${path}: ${response.status} ${text.slice(0, 300)}`)
}

/** One instance of a service on a node that has no agent: nobody but us changes its check. */
export type Instance = { readonly service: string; readonly node: string }
export type Status = 'passing' | 'critical'

/** Consul takes no more operations than these in one transaction. */
const MOST_OPERATIONS = 64
const AT_ONCE = 4

/** Nodes, services and a check for each instance, as they lie in the catalog. */
export async function registerInstances(consul: string, instances: readonly Instance[], status: Status): Promise<void> {
  const nodes = [...new Set(instances.map(({ node }) => node))]
  const setNode = (Node: string) => ({ Node: { Verb: 'set', Node: { Node, Address: '10.0.0.1' } } })
  const setService = ({ node, service }: Instance) => ({
    Service: { Verb: 'set', Node: node, Service: { ID: service, Service: service, Port: 8080, Tags: ['bench'] } },
  })
  await transact(consul, nodes.map(setNode))
  await transact(consul, instances.map(setService))
  await setChecks(consul, instances, status)
}

/** What the checks of these instances say from now on. */
export function setChecks(consul: string, instances: readonly Instance[], status: Status): Promise<void> {
  const set = ({ node, service }: Instance) => ({
    Check: {
      Verb: 'set',
      Check: {
        ...{ Node: node, CheckID: `${service}:health`, Name: `${service} health`, ServiceID: service, Status: status },
        Output: `HTTP GET http://10.0.0.1:8080/health: ${status === 'passing' ? '200 OK' : '503 Service Unavailable'}`,
      },
    },
  })
  return transact(consul, instances.map(set))
}

async function transact(consul: string, operations: readonly object[]): Promise<void> {
  const parts = Array.from({ length: Math.ceil(operations.length / MOST_OPERATIONS) }, (_, at) =>
    operations.slice(at * MOST_OPERATIONS, (at + 1) * MOST_OPERATIONS),
  )
  const work = async (first: number) => {
    for (let at = first; at < parts.length; at += AT_ONCE) await put(consul, '/v1/txn', parts[at])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => work(first)))
}
