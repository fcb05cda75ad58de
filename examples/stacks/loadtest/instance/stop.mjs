import { basename } from 'node:path'
import { connect } from './consul.mjs'
import { end } from './processes.mjs'
import { clear, readRecord } from './record.mjs'

/** Ends the instance, takes it out of Consul and removes its files. Safe to repeat, whatever is left of it. */
export async function stop({ dir, consul }) {
  const id = basename(dir)
  const record = readRecord(dir)
  await end(dir)
  await consul.deregister(id)
  if (record?.consul && record.consul !== consul.address) await forget(record.consul, id)
  clear(dir)
}

/** Consul had another address when the instance started. That one may be gone for good, so it is only tried. */
async function forget(address, id) {
  try {
    await connect({ CONSUL_HTTP_ADDR: address }).deregister(id)
  } catch (error) {
    process.stderr.write(`Could not take ${id} out of its former Consul. ${error.message}\n`)
  }
}
