import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { afterAll, expect, test } from 'vitest'
import { validityOf, validityOfFile, validityOfHost } from '../../src/tools/certificate.ts'

const chain = join(import.meta.dirname, '../cases/certificates/chain.pem')
const scratch = mkdtempSync(join(tmpdir(), 'groundcrew-certificate-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('a chain ends with the certificate that ends first', async () => {
  const both = await validityOfFile(chain)
  const [long, short] = readFileSync(chain, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
  expect(both).toEqual(validityOf(short ?? ''))
  expect(validityOf(long ?? '').at).toBeGreaterThan(both.at)
  expect(both.at - both.from).toBe(30 * 86_400_000)
})

test('what holds no certificate is refused', () => {
  expect(() => validityOf('nothing')).toThrow(/no certificate in PEM/)
})

test('a server is asked for the one that it shows, trusted or not; one that is away is said', async () => {
  const [key, cert] = [join(scratch, 'key.pem'), join(scratch, 'cert.pem')]
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '5',
    '-subj',
    '/CN=localhost',
  ]
  execFileSync('openssl', args, { stdio: 'ignore' })
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await validityOfHost('127.0.0.1', port)).toEqual(validityOf(readFileSync(cert, 'utf8')))
  await once(server.close(), 'close')
  await expect(validityOfHost('127.0.0.1', port)).rejects.toThrow(/cannot be reached by TLS/)
})
