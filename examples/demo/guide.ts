import { join, relative } from 'node:path'
import type { DemoFolder } from './folder.ts'
import { JENKINS_TOKEN, JENKINS_USER } from './jenkins-stand-in.ts'
import { findProgram, root } from './parts/program.ts'

export type Place = {
  readonly url: string
  readonly consul: string
  readonly jenkins: string
  readonly folder: DemoFolder
}

/** What to try first, for somebody who sees it for the first time. */
export function guide({ url, consul, jenkins, folder }: Place): string {
  const script = scriptOf(folder)
  return `
Open ${url} and try this in #ops, as Alice; approve as Bob or Carol (Alice asked, so she may not; Eve has no role, Dave one that a rehearsal needs).

  /loadtest up small                          three real servers, once somebody else has approved the plan
  /loadtest run smoke                         load on them: a table, thresholds, and a picture in the thread
  /crew rehearsal small                       all of a workflow in one command (examples/site/commands/rehearsal.ts). Press Load tonight as Bob: one of
                                              two groups; then as Dave, of the other. It applies, asks Jenkins for a smoke test, and waits: press
                                              Skip wait as Bob. Ansible warms up, the load runs as an execution of its own; Open shows the graph
  /crew rehearsal small                       once more: as Bob press stop, which needs a reason; or Load now with Dave, and Cancel while Jenkins builds
  /crew freeze loadtest --until 10m --why "quarter end"
                                              /loadtest up medium is planned and approved as ever, and then waits until /crew unfreeze loadtest
  /bake base                                  Packer, in seconds: the image that the next one is built on
  /bake app --version 1.0                     Ansible inside, and a health check in the bake
  /bake app --version 2.0                     nothing differs, so 1.0 is offered; --rebake bakes all the same:
  /bake app --version 2.0 --rebake
  /bake app --version 2.1-broken --rebake     an app that will be sick in service
  /crew deploy web 1.0                        the first version
  /crew deploy web 2.0                        beside 1.0, and in its place once it is healthy
  /crew deploy web 2.1-broken                 sick for 30 s: Returned to 2.0, which never went out of service
  /crew rollback web                          back to 1.0, the same artifact; /crew deploys list
  /scale web down                             after the approval it waits: press Skip wait, or Postpone
  /crew schedule add "loadtest down" --cron "0 19 * * 1-5" --tz Asia/Tokyo
  /crew env list                              what is up, for how long, what it costs; /crew schedule list
  /crew drift loadtest                        nothing moved; take a server away by hand (below), and press Put it back
  /crew promote page --version 1.1            scratch, sandbox, and then it asks for production
  /consul watch vault-audit-monitor           its checks in a thread while they change; /consul alone lists the look-ups
  /crew kv plan app                           settings from files into Consul: press Apply; change one by hand, and /crew kv drift app
  /crew breakglass oncall --for 5m --why "only a drill"   more rights for a while, told to everybody, with a summary in the end

In another terminal, in this folder:
  npm run crew -- shell
      the same bot in the terminal
  ${programOf('consul')} event -http-addr=${consul} -name=rehearse small
      a trigger: the rehearsal is in #ops, asked by trigger:rehearse. With "medium" in place of small it is refused, in #audit: its role may not
  curl -u ${JENKINS_USER}:${JENKINS_TOKEN} ${jenkins}/job/smoke/buildWithParameters -d SERVICE=loadtest-app
      somebody builds smoke in Jenkins: once that ended well, trigger:smoked loads what is up for 5 s. /crew triggers list says what fired
  ${script} demo:webhook 1.2
      a pipeline: a signed request starts a promotion as webhook:ci. Bob wrote the change, so that only Carol may approve it
  env $(cat ${folder.shown('env')}) npm run worker
      a second worker: /loadtest run smoke --generators 2, or kill the first one: kill -9 $(cat ${folder.shown('pids/worker')})
  (export $(cat ${folder.shown('env')}); cd examples/stacks/loadtest && terraform init -backend-config=path=groundcrew/loadtest &&
    terraform destroy -target='terraform_data.app[0]')
${alerts({ consul, folder, script })}
Consul: ${consul}/ui  Logs and pids: ${folder.shown('')}/  Ctrl-C destroys the instances and stops everything.
`
}

/** How to make alerts of each kind; thresholds and times are the demo's (monitors.ts, examples/site). */
function alerts({ consul, folder, script }: Omit<Place, 'url' | 'jenkins'> & { readonly script: string }): string {
  const agent = `${consul}/v1/agent/service`
  return `
Alerts, in #alerts; act as Bob, press Acknowledge, Silence or Show, and look at the threads. /crew alerts list says what is watched.
  ${script} demo:denied 30
      a burst of denied requests in Vault's audit file; resolved two minutes later by itself
  ${script} demo:token 10m
      a token ends in ten minutes, and the monitor may not renew it; "demo:token 30d" and it is renewed
  curl -X PUT ${agent}/register -d '{"Name":"mail","Check":{"TCP":"127.0.0.1:9","Interval":"2s"}}'
      a sick service, after ten seconds; ${new URL(consul).port} in place of 9 makes it well
  curl -X PUT '${agent}/maintenance/mail?enable=true&reason=new+disk'
      mutes it until enable=false; to be rid of it: curl -X PUT ${agent}/deregister/mail
  kill -9 $(cat ${folder.shown('pids/monitor')})
      nobody watches Vault: that is told ten seconds later; another one: env $(cat ${folder.shown('env')}) npm run monitor
`
}

/** How a script of package.json is run on this demo. */
function scriptOf({ dir }: DemoFolder): string {
  const isUsual = dir === join(root, '.demo')
  return `${isUsual ? '' : `GROUNDCREW_DEMO_DIR='${dir.replaceAll("'", "'\\''")}' `}npm run -s`
}

/** The project's own program where it has one, as it is typed at the top of the repository. */
function programOf(name: string): string {
  const file = findProgram(name)
  return file.startsWith(`${root}/`) ? relative(root, file) : name
}

const WORDS = {
  redis: 'Redis',
  consul: 'Consul',
  slack: 'local-slack',
  vault: 'The stand-in for Vault',
  jenkins: 'The stand-in for Jenkins',
  bot: 'The bot',
  worker: 'The worker',
  monitor: 'The monitor',
} as const

export type Death = { readonly name: keyof typeof WORDS; readonly pid: number; readonly how: string }

/** One line on a part that has died: nothing restarts it, so it says what does. */
export function deathNotice({ name, pid, how }: Death, folder: DemoFolder): string {
  const again =
    name === 'bot' || name === 'worker' || name === 'monitor'
      ? `nothing restarts it. Another one: env $(cat ${folder.shown('env')}) npm run ${name}`
      : `it stays away until the demo is started anew. Its log: ${folder.shown(`${name}.log`)}`
  return `${WORDS[name]} (pid ${pid}) has died (${how}); ${again}`
}
