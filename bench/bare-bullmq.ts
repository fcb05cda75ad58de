// The baseline: the least that a queue on Redis can do. It takes a job in another process and says that it is done.

import { Worker } from 'bullmq'

const { REDIS_URL = '' } = process.env

const connection = { url: REDIS_URL, maxRetriesPerRequest: null }
const worker = new Worker('bare', async () => {}, { connection, concurrency: 4 })
await worker.waitUntilReady()
process.stdout.write('bare BullMQ ready\n')
