import type { DemoFolder } from './folder.ts'

export type Place = { readonly url: string; readonly consul: string; readonly folder: DemoFolder }

/** What to try first, for somebody who sees it for the first time. */
export function guide({ url, consul, folder }: Place): string {
  return `
Try this at ${url}:
  1. Act as Alice; in #ops type  /loadtest up small
  2. Look at the plan. Alice asked for it, so she cannot approve it; Eve has no role.
  3. Act as Bob or Carol and press Approve. Three real instances start and register in Consul.
  4. Their ports stand at ${consul}/ui/dc1/services: ask one with  curl http://127.0.0.1:PORT/
  5. /loadtest status, /loadtest resize medium, /loadtest down, /crew help

In another terminal, in this folder:
  npm run crew -- shell
      the same bot in the terminal
  env $(cat ${folder.shown('env')}) npm run worker
      a second worker; with it there, kill the first one: kill -9 $(cat ${folder.shown('pids/worker')})

Logs and pids are in ${folder.shown('')}/; Ctrl-C destroys the instances and stops everything.
`
}

const WORDS = { redis: 'Redis', consul: 'Consul', slack: 'local-slack', bot: 'The bot', worker: 'The worker' } as const

export type Death = { readonly name: keyof typeof WORDS; readonly pid: number; readonly how: string }

/** One line on a part that has died: nothing restarts it, so it says what does. */
export function deathNotice({ name, pid, how }: Death, folder: DemoFolder): string {
  const again =
    name === 'bot' || name === 'worker'
      ? `nothing restarts it. Another one: env $(cat ${folder.shown('env')}) npm run ${name}`
      : `it stays away until the demo is started anew. Its log: ${folder.shown(`${name}.log`)}`
  return `${WORDS[name]} (pid ${pid}) has died (${how}); ${again}`
}
