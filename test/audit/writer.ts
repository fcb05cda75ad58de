/**
 * A process that records: `writer.ts REDIS_URL PREFIX NAME COUNT [FILE]` writes so many entries, each as soon as the one before it is
 * written, and says each number. Tests run several at once, and kill them.
 */
import { Redis } from 'ioredis'
import { createAudit } from '../../src/engine/audit.ts'
import { keysOf } from '../../src/engine/keys.ts'
import { silent } from '../engine/quiet.ts'
import { entryOf } from './lines.ts'

const [url = '', prefix = '', name = '', count = '', file] = process.argv.slice(2)
const redis = new Redis(url)
const audit = createAudit({
  redis,
  keys: keysOf(prefix),
  now: Date.now,
  log: silent,
  host: 'here',
  mask: (text) => text,
  show: [],
  file,
})
for (let number = 1; number <= Number(count); number++) {
  await audit.write(entryOf(`${name} ${number}`))
  process.stdout.write(`${number}\n`)
}
await audit.stop()
redis.disconnect()
