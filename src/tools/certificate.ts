import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { UserError } from '../errors.ts'

/** From when until when a certificate is valid, in milliseconds since 1970. */
export type Validity = { readonly from: number; readonly at: number }

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
const TIME_LIMIT_MS = 10_000

/** Of a chain in PEM the one that ends first: with it ends the chain. Throws a `UserError` where there is none. */
export function validityOf(pem: string): Validity {
  const blocks = pem.match(BLOCK) ?? []
  const [first] = blocks
    .map((block) => new X509Certificate(block))
    .map(({ validFrom, validTo }) => ({ from: Date.parse(validFrom), at: Date.parse(validTo) }))
    .toSorted((one, other) => one.at - other.at)
  if (!first) throw new UserError('There is no certificate in PEM in it.')
  return first
}

export async function validityOfFile(file: string): Promise<Validity> {
  return validityOf(await readFile(file, 'utf8'))
}

/** What a server shows to whoever connects, trusted or not: one that has expired is just what is looked for. */
export function validityOfHost(host: string, port: number): Promise<Validity> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host, port, ...(isIP(host) ? {} : { servername: host }), rejectUnauthorized: false, timeout: TIME_LIMIT_MS },
      () => {
        const shown = socket.getPeerX509Certificate()
        socket.destroy()
        if (shown) resolve(validityOf(shown.toString()))
        else reject(new UserError(`${host}:${port} shows no certificate.`))
      },
    )
    socket.on('error', (cause) =>
      reject(new UserError(`${host}:${port} cannot be reached by TLS: ${cause.message}.`, { cause })),
    )
    socket.on('timeout', () => socket.destroy(new Error('it does not answer')))
  })
}
