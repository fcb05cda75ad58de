import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Artifacts, Kept } from '../core/workflow.ts'
import { ConfigError, UserError } from '../errors.ts'
import type { Keys } from './keys.ts'

/** Plans hold configuration, state and secrets: they are gone after this, whatever happened to the execution. */
const KEPT_FOR_S = 7 * 24 * 3600
const LARGEST = 64 * 1024 * 1024

/** Layout of a stored artifact: 12 bytes nonce, 16 bytes tag (NIST SP 800-38D), then the ciphertext. */
const NONCE = 12
const TAG = 16

/** It was there and is not any more, or never was. */
export class ArtifactGone extends UserError {}

export type ArtifactStore = {
  of(execution: string): Artifacts
  /** What belongs to no execution and has no end. */
  readonly kept: Kept
  /** Deletes artifacts of an execution by name. */
  discard(execution: string, names: readonly string[]): Promise<void>
}

/**
 * Files that travel between workers through Redis, encrypted with AES-256-GCM. `key` is 64 hexadecimal digits, or several with commas
 * between: the first one encrypts, and each is tried to decrypt.
 */
export function createArtifacts(redis: Redis, keys: Keys, key: string): ArtifactStore {
  const secrets = key.split(',').map((each) => Buffer.from(each, 'hex'))
  const newest = secrets[0] ?? Buffer.alloc(0)
  return {
    of: (execution) => ({
      async put(name, content) {
        if (content.byteLength > LARGEST) throw new UserError(tooLarge(name, content.byteLength))
        const sealed = seal(newest, `${execution}/${name}`, content)
        await redis.set(keys.artifact(execution, name), sealed, 'EX', KEPT_FOR_S)
      },
      async get(name) {
        const sealed = await redis.getBuffer(keys.artifact(execution, name))
        if (!sealed)
          throw new ArtifactGone(
            `The artifact ${name} of ${execution} is gone: it is kept for ${KEPT_FOR_S / 86_400} days and until its execution ends.`,
          )
        return openAny(secrets, `${execution}/${name}`, sealed)
      },
    }),
    kept: {
      async get(name) {
        const sealed = await redis.getBuffer(keys.kept(name))
        return sealed && openAny(secrets, `kept/${name}`, sealed)
      },
      async put(name, content) {
        if (content.byteLength > LARGEST) throw new UserError(tooLarge(name, content.byteLength))
        await redis.set(keys.kept(name), seal(newest, `kept/${name}`, content))
      },
      async drop(name) {
        await redis.del(keys.kept(name))
      },
    },
    async discard(execution, names) {
      await redis.del(...names.map((name) => keys.artifact(execution, name)))
    },
  }
}

/** The name is bound to the content, so that one artifact can not be passed off as another. */
export function seal(key: Buffer, name: string, content: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
  const sealed = Buffer.concat([cipher.update(content), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
}

function openAny(keys: readonly Buffer[], name: string, sealed: Buffer): Buffer {
  for (const key of keys.slice(0, -1)) {
    try {
      return open(key, name, sealed)
    } catch {
      // sealed with an older key: the next one is tried, and the last one says what is wrong
    }
  }
  return open(keys.at(-1) ?? Buffer.alloc(0), name, sealed)
}

/** Throws when the key, the name or a byte of the content is not the one it was sealed with. */
export function open(key: Buffer, name: string, sealed: Buffer): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(NONCE, NONCE + TAG))
    return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()])
  } catch (cause) {
    throw new UserError(
      `The artifact ${name} does not open with this GROUNDCREW_ARTIFACT_KEY: another key, or it was changed. Give every bot and worker the same key.`,
      { cause },
    )
  }
}

/**
 * KEYS: the check value of the newest key that anybody started with. ARGV: those of ours, newest first. Gives 0 where ours do not have it.
 */
const SAME_KEY = `
local newest = redis.call('GET', KEYS[1])
local ours = not newest
for _, each in ipairs(ARGV) do ours = ours or each == newest end
if not ours then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1`

/**
 * Throws a `ConfigError` where this process could not open what others seal: it would fail what was approved already. Redis keeps a
 * check value (HMAC-SHA-256 of a fixed text) of the newest key, from which the key cannot be told.
 */
export async function checkArtifactKey(redis: Redis, keys: Keys, key: string): Promise<void> {
  const values = key.split(',').map((each) => checkValue(Buffer.from(each, 'hex')))
  if ((await redis.eval(SAME_KEY, 1, keys.artifactKey, ...values)) === 1) return
  throw new ConfigError(
    `GROUNDCREW_ARTIFACT_KEY is not the key that the other bots and workers have, so nothing of theirs could be opened here. Set the same one; while keys change it is NEW,OLD everywhere. If the other key is lost for good: DEL ${keys.artifactKey} in Redis, and whatever waits has to be planned anew.`,
  )
}

function checkValue(key: Buffer): string {
  return createHmac('sha256', key).update('groundcrew artifact key').digest('hex')
}

function tooLarge(name: string, bytes: number): string {
  const mebibytes = (count: number) => `${(count / 1024 / 1024).toFixed(1)} MiB`
  return `The artifact ${name} has ${mebibytes(bytes)}; at most ${mebibytes(LARGEST)} travel through the store. Make the stack's folder smaller.`
}
