import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Called } from './crew.ts'

const root = join(import.meta.dirname, '../..')
const script = join(root, 'script/inventory')

/** The real programs of Ansible on script/inventory; all that they write stays in `home`. A missing one is an error, as script/bootstrap gets it. */
export function ansibleIn(home: string, settings: Readonly<Record<string, string>>) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    ANSIBLE_HOME: join(home, '.ansible'),
    ANSIBLE_LOCAL_TEMP: join(home, 'tmp'),
    ANSIBLE_NOCOLOR: '1',
    LC_ALL: 'C.UTF-8',
    ...settings,
  }
  const call =
    (program: string) =>
    (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
      ended(program, ['-i', script, ...args], { ...env, ...more })
  return { inventory: call('ansible-inventory'), ansible: call('ansible') }
}

async function ended(program: string, args: readonly string[], env: Record<string, string>): Promise<Called> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}
