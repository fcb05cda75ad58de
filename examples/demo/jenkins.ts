// `node examples/demo/jenkins.ts PORT CONSUL`: the stand-in for Jenkins of the demo, with the job that its rehearsal starts.

import { standInForJenkins } from './jenkins-stand-in.ts'
import { smokeJob } from './smoke.ts'

const [port, consul = ''] = process.argv.slice(2)
const standIn = await standInForJenkins(smokeJob(consul), Number(port))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => standIn.stop())
process.stdout.write(`The stand-in for Jenkins answers on ${standIn.url}\n`)
