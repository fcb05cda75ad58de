import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { CheckStatus, ConsulAgent, Registration } from '../tools/consul/agent.ts'

export type Report = {
  /** What the check says from now on. A change of status goes out at once, everything else a third of the TTL later at the latest. */
  say(status: CheckStatus, output: string): void
  stop(): Promise<void>
}

type Service = Omit<Registration, 'check'> & {
  readonly check: { readonly id: string; readonly name: string; readonly ttlMs: number }
}

/**
 * Keeps a service and its TTL check in Consul: registered with the status it has, updated at a third of the TTL, registered again
 * when Consul forgot it. A Consul that does not answer is said once, and asked again; the TTL then tells the others. A watch that has
 * said nothing for `patienceMs` hangs: what it said last is not repeated, so that the TTL runs out.
 */
export function createReport(agent: ConsulAgent, service: Service, patienceMs: number, log: Log): Report {
  let said: { readonly status: CheckStatus; readonly output: string } | undefined
  let sent: CheckStatus | undefined
  let registered = false
  let away = false
  let turn: Promise<void> | undefined
  let again = false
  const timer = setInterval(send, service.check.ttlMs / 3)
  let patience: NodeJS.Timeout | undefined

  function lost(): void {
    said = undefined
    log.error({ service: service.id, silentMs: patienceMs }, 'the watch hangs; nothing is reported for it')
  }

  async function push(): Promise<void> {
    if (!said) return
    const { status, output } = said
    if (!registered || (await agent.update(service.check.id, status, output)) === 'unknown') {
      registered = false
      await agent.register({ ...service, check: { ...service.check, status, output } })
      log.info({ service: service.id, check: service.check.id }, 'registered in Consul')
    }
    registered = true
    sent = status
  }

  async function tried(): Promise<void> {
    try {
      await push()
      if (away) log.info({ service: service.id }, 'Consul answers again')
      away = false
    } catch (error) {
      if (!away) log.error({ service: service.id, error: messageOf(error) }, 'Consul not updated')
      away = true
    }
  }

  /** One after the other, and never more than one in wait: an older status does not overtake a newer one. */
  function send(): void {
    if (turn) {
      again = true
      return
    }
    turn = tried().finally(() => {
      turn = undefined
      if (again) {
        again = false
        send()
      }
    })
  }

  return {
    say(status, output) {
      said = { status, output }
      clearTimeout(patience)
      patience = setTimeout(lost, patienceMs)
      if (status !== sent) send()
    },
    /** The service stays registered: a monitor that is down must be seen, so its TTL may run out. */
    async stop() {
      clearInterval(timer)
      clearTimeout(patience)
      while (turn) await turn
    },
  }
}
