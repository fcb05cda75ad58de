import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Every address a process listens on, TCP and UDP, as the kernel says. */
export function listening(pid: number): string[] {
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
  const isListening = (protocol: string, state: string) => state === (protocol.startsWith('tcp') ? '0A' : '07')
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((field) => isListening(protocol, field[3] ?? '') && open.includes(`socket:[${field[9]}]`))
      .map((field) => readable(field[1] ?? '')),
  )
}

/** `0100007F:1F90` -> `127.0.0.1:8080`; an IPv6 address stays as it is. */
function readable(hex: string): string {
  const [host = '', port = ''] = hex.split(':')
  const bytes = host.match(/../g) ?? []
  const dotted =
    bytes.length === 4
      ? bytes
          .toReversed()
          .map((byte) => Number.parseInt(byte, 16))
          .join('.')
      : host
  return `${dotted}:${Number.parseInt(port, 16)}`
}
