import { freePort } from './port.ts'
import { type Part, root, type StartOptions, startProgram } from './program.ts'

/** The stand-in for Vault of the demo, ready when it answers. It is not Vault. */
export async function startVault(options: StartOptions): Promise<Part> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const health = async () => (await fetch(`${url}/v1/sys/health`, { signal: AbortSignal.timeout(2000) })).ok
  const args = ['examples/demo/vault.ts', String(port)]
  return startProgram(
    { name: 'vault-stand-in', file: process.execPath, args, cwd: root, port, url, ready: health },
    options,
  )
}
