#!/usr/bin/env node

/**
 * Asks Consul for the passing instances of SERVICE, and each of them for an answer. Fails where there are fewer than EXPECTED. What it says goes
 * to the log; the JSON on its last line is what its stage gives.
 */
async function survey({ CONSUL_HTTP_ADDR = 'http://127.0.0.1:8500', CONSUL_HTTP_TOKEN, SERVICE, EXPECTED, P95 }) {
  const headers = CONSUL_HTTP_TOKEN ? { 'X-Consul-Token': CONSUL_HTTP_TOKEN } : {}
  const url = `${CONSUL_HTTP_ADDR}/v1/health/service/${encodeURIComponent(SERVICE)}?passing`
  const response = await get(url, headers)
  if (!response.ok) throw new Error(`Consul answered ${response.status} when asked for ${SERVICE}.`)
  let slowest = 0
  const found = await response.json()
  for (const { Node, Service } of found) {
    const began = performance.now()
    const { status } = await get(`http://${Service.Address || Node.Address}:${Service.Port}/`)
    const took = Math.ceil(performance.now() - began)
    slowest = Math.max(slowest, took)
    console.log(`${Service.ID} answered ${status} in ${took} ms`)
  }
  if (found.length < Number(EXPECTED ?? 1))
    throw new Error(`${found.length} instances of ${SERVICE} pass, and ${EXPECTED ?? 'at least 1'} should.`)
  const loaded = P95 === undefined ? '' : `, and ${P95} ms was the 95th percentile under load`
  const text = `${found.length} instances of ${SERVICE} pass; the slowest answered in ${slowest} ms${loaded}.`
  console.log(JSON.stringify({ instances: found.length, slowest_ms: slowest, text }))
}

const get = (url, headers = {}) => fetch(url, { headers, signal: AbortSignal.timeout(5000) })

// biome-ignore lint/style/noProcessEnv: a stage hands its values over in the environment; read here only.
survey(process.env).catch((error) => {
  console.error(error.cause?.message ?? error.message)
  process.exitCode = 1
})
