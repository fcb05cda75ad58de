import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export type Service = { ID: string; Service: string; Address: string; Port: number; Tags: string[] }
export type Consul = {
  address: string
  services: () => Promise<Record<string, Service>>
  passing: (service: string) => Promise<number>
  state: (path: string) => Promise<{ resources: { type: string; name: string }[] } | undefined>
  stop: () => Promise<void>
}

/** A real agent on free loopback ports that keeps nothing; its log goes to the directory. */
export async function startConsul(dir: string): Promise<Consul> {
  const [http, server, serf] = await freePorts(3)
  const ports = `-http-port ${http} -server-port ${server} -serf-lan-port ${serf} -serf-wan-port -1 -dns-port -1 -grpc-port -1`
  const args = `agent -dev -node test -bind 127.0.0.1 -client 127.0.0.1 ${ports}`.split(' ')
  const log = openSync(join(dir, 'consul.log'), 'a')
  const agent = spawn(consulProgram(), args, { stdio: ['ignore', log, log] })
  const address = `http://127.0.0.1:${http}`
  for (let tries = 0; !(await hasLeader(address)); tries++) {
    if (tries > 200 || agent.exitCode !== null) throw new Error(`Consul did not start: see ${dir}/consul.log`)
    await sleep(50)
  }
  return { address, ...questions(address), stop: () => stop(agent) }
}

function questions(address: string): Omit<Consul, 'address' | 'stop'> {
  const get = (path: string) => fetch(`${address}/v1/${path}`)
  return {
    services: async () => (await (await get('agent/services')).json()) as Record<string, Service>,
    passing: async (service) => ((await (await get(`health/service/${service}?passing`)).json()) as unknown[]).length,
    async state(path) {
      const response = await get(`kv/${path}?raw`)
      return response.ok ? ((await response.json()) as { resources: { type: string; name: string }[] }) : undefined
    },
  }
}

/** The one that the project's bootstrap unpacked, else the machine's own. */
function consulProgram(): string {
  const own = ['consul', 'bin/consul'].map((name) => fileURLToPath(new URL(`../../.tools/${name}`, import.meta.url)))
  return own.find((path) => existsSync(path)) ?? 'consul'
}

async function hasLeader(address: string): Promise<boolean> {
  try {
    return (await (await fetch(`${address}/v1/status/leader`)).text()).length > 2
  } catch {
    return false // not listening yet
  }
}

async function stop(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return
  const ended = new Promise((resolve) => agent.once('exit', resolve))
  agent.kill('SIGKILL')
  await ended
}

/** All are held until the last is known, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      return typeof address === 'object' && address ? address.port : 0
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
