// `node examples/demo/vault.ts PORT`: the stand-in for Vault of the demo, with one token that is far from its end.

import { LOOKUP, tokenWith } from './deploy-token.ts'
import { standInForVault } from './vault-stand-in.ts'

const standIn = await standInForVault(Number(process.argv[2]))
standIn.answers.set(LOOKUP, tokenWith('30d', Date.now()))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => standIn.stop())
process.stdout.write(`The stand-in for Vault answers on ${standIn.url}\n`)
