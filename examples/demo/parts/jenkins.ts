import { freePort } from './port.ts'
import { type Part, root, type StartOptions, startProgram } from './program.ts'

/** The stand-in for Jenkins of the demo, ready when it answers. It is not Jenkins. Its job looks into this Consul. */
export async function startJenkins(options: StartOptions & { readonly consul: string }): Promise<Part> {
  const port = options.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const answers = async () => (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok
  const args = ['examples/demo/jenkins.ts', String(port), options.consul]
  return startProgram(
    { name: 'jenkins-stand-in', file: process.execPath, args, cwd: root, port, url, ready: answers },
    options,
  )
}
