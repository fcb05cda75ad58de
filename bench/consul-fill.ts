export const SERVICES = 1_000
export const INSTANCES = 5_000
export const NODES = 250
export const KEYS = 10_000

/** Of a txn of Consul. */
const MOST_OPERATIONS = 64
const AT_ONCE = 4

/** A catalogue as a large company has it, and its settings, by txn: that many at once are one write to the log. */
export async function fillConsul(url: string, signal: AbortSignal): Promise<void> {
  // A service names its node, so nodes come first.
  for (const operations of [range(NODES, nodeOf), range(INSTANCES, instanceOf).flat(), range(KEYS, keyOf)]) {
    const batches = Array.from({ length: Math.ceil(operations.length / MOST_OPERATIONS) }, (_, at) =>
      operations.slice(at * MOST_OPERATIONS, (at + 1) * MOST_OPERATIONS),
    ).values()
    const lane = async () => {
      for (const batch of batches) await write(url, batch, signal)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
  }
}

/** `config/app-07/setting-0123`, and its value. */
export function settingOf(number: number): { readonly app: string; readonly name: string; readonly value: string } {
  const value = `value of ${number}, as long as most of them are: ${'x'.repeat(40)}`
  return {
    app: `app-${String(number % 20).padStart(2, '0')}`,
    name: `setting-${String(number).padStart(5, '0')}`,
    value,
  }
}

export const serviceName = (number: number) => `service-${String(number % SERVICES).padStart(4, '0')}`
export const nodeName = (number: number) => `node-${String(number % NODES).padStart(3, '0')}`

function nodeOf(number: number): object {
  const Address = `10.${number >> 8}.${number & 255}.1`
  const Meta = { role: `role-${number % 8}`, rack: `rack-${number % 20}` }
  return { Node: { Verb: 'set', Node: { Node: nodeName(number), Address, Meta } } }
}

/** With a check; every 50th is sick. */
function instanceOf(number: number): object[] {
  const [Node, service, ID] = [nodeName(number), serviceName(number), `instance-${number}`]
  const Tags = [`v1.${number % 7}`, number % 2 === 0 ? 'blue' : 'green']
  const Status = number % 50 === 0 ? 'critical' : 'passing'
  const Output = `HTTP GET http://10.0.0.1:8080/health: ${Status === 'passing' ? '200 OK' : '503'} Output: ${'y'.repeat(60)}`
  return [
    {
      Service: {
        Verb: 'set',
        Node,
        Service: { ID, Service: service, Port: 8000 + (number % 999), Tags, Meta: { version: '1.2.3' } },
      },
    },
    {
      Check: {
        Verb: 'set',
        Check: { Node, CheckID: `service:${ID}`, Name: `${service} health`, Status, Output, ServiceID: ID },
      },
    },
  ]
}

function keyOf(number: number): object {
  const { app, name, value } = settingOf(number)
  return { KV: { Verb: 'set', Key: `config/${app}/${name}`, Value: Buffer.from(value).toString('base64') } }
}

function range<T>(count: number, each: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => each(number))
}

async function write(url: string, batch: readonly object[], signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${url}/v1/txn`, { method: 'PUT', body: JSON.stringify(batch), signal })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Consul took no txn: ${answer.status} ${text.slice(0, 300)}`)
}
