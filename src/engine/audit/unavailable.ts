import { messageOf, UserError } from '../../errors.ts'

/** The audit cannot be written, so nothing is done. For the person it is a refusal. */
export class AuditUnavailable extends UserError {}

const MEANT: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'no space is left for it',
  EFBIG: 'it may not grow any more',
  EACCES: 'its file may not be written',
  EPERM: 'its file may not be written',
  EROFS: 'its disk may only be read',
  EISDIR: 'its file is a folder',
  EIO: 'its disk fails',
  EBUSY: 'another process keeps its file',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is none',
}

const AFTERWARDS =
  'Nothing new is begun until it can be; what runs already goes on, and its Cancel button works. Tell the people who run this bot.'

/** Why it cannot be written, for a person: Redis, which holds the chain, or the file that is configured on this machine. */
export function unavailable(cause: unknown, host: string): AuditUnavailable {
  if (cause instanceof AuditUnavailable) return cause
  const { code = '' } = cause as NodeJS.ErrnoException
  const ofFile = code !== '' && !/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/.test(code)
  return ofFile ? fileFailed(code, host, cause) : redisFailed(cause)
}

function redisFailed(cause: unknown): AuditUnavailable {
  const refused = /^(OOM|READONLY|MISCONF|NOPERM|NOREPLICAS|WRONGTYPE|ERR)\b/.exec(messageOf(cause))?.[0]
  const why = refused ? `its store (Redis) refuses it: ${refused}` : 'the bot cannot reach its store (Redis) just now'
  const text = `The audit cannot be written: ${why}. So nothing was done. Try again in a moment.`
  return new AuditUnavailable(text, { cause })
}

function fileFailed(code: string, host: string, cause: unknown): AuditUnavailable {
  const why = `${MEANT[code] ?? 'its file fails'} (${code})`
  const text = `The audit cannot be written on ${host}: ${why}. So nothing was done. ${AFTERWARDS}`
  return new AuditUnavailable(text, { cause })
}
