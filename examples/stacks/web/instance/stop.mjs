import { basename } from 'node:path'
import { connect } from './consul.mjs'
import { end } from './processes.mjs'
import { clear, clearSlot, instancesOf, readRecord } from './record.mjs'

/** Ends every instance of the slot and removes its files. Safe to repeat, whatever is left of it. */
export async function stopAll({ slot, consul }) {
  for (const dir of instancesOf(slot)) await stop({ dir, consul })
  clearSlot(slot)
}

/** Ends one instance with its app and takes it out of Consul: first from there, so that nobody is sent to it any more. */
export async function stop({ dir, consul }) {
  const id = basename(dir)
  const record = readRecord(dir)
  await consul.deregister(id)
  await end(dir, record)
  await consul.deregister(id) // once more: a start that was cut off may have registered it in between
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
