import { gunzipSync } from 'node:zlib'

/** The few calls an instance makes. Understands the address as Terraform's backend does, with a scheme or without. */
export function connect({ CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_HTTP_SSL }) {
  const address = baseUrl(CONSUL_HTTP_ADDR || '127.0.0.1:8500', CONSUL_HTTP_SSL)
  const headers = CONSUL_HTTP_TOKEN ? { 'X-Consul-Token': CONSUL_HTTP_TOKEN } : {}

  async function call(method, path, body) {
    const signal = AbortSignal.timeout(5000)
    try {
      return await fetch(`${address}/v1/${path}`, { method, headers, signal, body: body && JSON.stringify(body) })
    } catch (error) {
      const why = error.cause?.code ?? error.message
      throw new Error(`Consul at ${address} does not answer (${why}). CONSUL_HTTP_ADDR must name a running agent.`)
    }
  }

  async function register(service) {
    await accepted(await call('PUT', 'agent/service/register?replace-existing-checks=true', service), 'register')
  }

  /** What is not there counts as deregistered: Consul says 200, 404 or, with ACLs, 500 `Unknown service`. */
  async function deregister(id) {
    const response = await call('PUT', `agent/service/deregister/${encodeURIComponent(id)}`)
    if (response.status === 404 || (await response.clone().text()).startsWith('Unknown service')) return
    await accepted(response, 'deregister')
  }

  /** Registered, and out of service until somebody puts it in. */
  async function maintenance(id, reason) {
    const query = new URLSearchParams({ enable: 'true', reason })
    await accepted(
      await call('PUT', `agent/service/maintenance/${encodeURIComponent(id)}?${query}`),
      'keep out of service',
    )
  }

  async function isRegistered(id) {
    return (await call('GET', `agent/service/${encodeURIComponent(id)}`)).status === 200
  }

  /** Whether the Terraform state at `path` holds `id`; undefined where it cannot be read, which says neither yes nor no. */
  async function stateHolds(path, id) {
    const key = path.split('/').map(encodeURIComponent).join('/')
    const response = await call('GET', `kv/${key}?raw&consistent`)
    if (response.status === 404) return false
    if (!response.ok) return undefined
    const bytes = Buffer.from(await response.arrayBuffer())
    return holds((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString(), id)
  }

  return { address, register, deregister, maintenance, isRegistered, stateHolds }
}

function baseUrl(text, ssl) {
  const url = /^https?:\/\//.test(text) ? text : `http${ssl === 'true' || ssl === '1' ? 's' : ''}://${text}`
  if (!URL.canParse(url) || text.startsWith('unix:')) {
    throw new Error(`CONSUL_HTTP_ADDR is \`${text}\`; expected host:port or http://host:port.`)
  }
  return url.replace(/\/+$/, '')
}

async function accepted(response, action) {
  if (response.ok) return
  throw new Error(`Consul refused to ${action} the instance: ${response.status} ${(await response.text()).trim()}`)
}

/** A state too large for one key is stored in chunks, whose index is no state: that cannot be judged here. */
function holds(text, id) {
  try {
    return Array.isArray(JSON.parse(text).resources) ? text.includes(id) : undefined
  } catch {
    return undefined
  }
}
