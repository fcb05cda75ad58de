// Preloaded by `npm run bot`, `worker` and `crew`: settings from .env, where there is one; the CLI takes the running demo's
// otherwise. Never both, so that no command goes half to one place and half to the other. What is set already stays.
// (node --env-file-if-exists prints a line for every file that does not exist.)
import { existsSync } from 'node:fs'

const candidates = process.env.npm_lifecycle_event === 'crew' ? ['.env', '.demo/env'] : ['.env']
const file = candidates.find((name) => existsSync(name))
if (file) process.loadEnvFile(file)
