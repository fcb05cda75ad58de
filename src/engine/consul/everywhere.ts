import { didYouMean, nearest } from '../../core/command/suggest.ts'
import type { DcAnswer, Everywhere, Fresh } from '../../core/consul/rows.ts'
import { asCode, shown } from '../../core/text.ts'
import { UserError } from '../../errors.ts'
import type { ConsulCatalog } from '../../tools/consul/catalog.ts'
import { ConsulFailure, type OwnToken } from '../../tools/consul/watch.ts'

/**
 * What one datacenter gets, all its reads together: people wait, and one that hangs must not take the time of the others. Where Consul hangs
 * itself, its list of datacenters comes first, which may take as long again.
 */
const DATACENTER_MS = 800
const LIST_MS = 600
/** What is known of our own token is an afterthought: no answer waits for it. */
const TOKEN_MS = 300

type Ask = {
  readonly catalog: Pick<ConsulCatalog, 'datacenters'>
  readonly ownToken: (signal: AbortSignal) => Promise<OwnToken>
  /** Those that the site names. */
  readonly named: readonly string[] | undefined
}

export type ReadOne<T> = (reading: {
  readonly dc: string
  readonly limitMs: number
  readonly signal: AbortSignal
}) => Promise<{ readonly rows: T; readonly fresh: Fresh }>

/** Asks one datacenter, or all at once, each for itself. Throws where the agent that we ask does not answer, or there is no such datacenter. */
export async function everywhere<T>(ask: Ask, dc: string | undefined, read: ReadOne<T>): Promise<Everywhere<T>> {
  const token = aclOf(ask)
  const all = await namesOf(ask)
  if (dc !== undefined && !all.includes(dc)) throw noDatacenter(dc, all)
  const wanted = dc === undefined ? all : [dc]
  const datacenters = await Promise.all(wanted.map((each) => one(each, read)))
  return { datacenters, acl: await token }
}

/** Asks those that have just answered for something else; whoever did not is not waited for a second time. */
export async function again<T>({ datacenters, acl }: Everywhere<unknown>, read: ReadOne<T>): Promise<Everywhere<T>> {
  const answers = datacenters.map((each) => (each.trouble === undefined ? one(each.dc, read) : each))
  return { datacenters: await Promise.all(answers), acl }
}

export async function namesOf({ catalog, named }: Ask): Promise<readonly string[]> {
  if (named) return named
  return within(LIST_MS, (signal) => catalog.datacenters({ limitMs: LIST_MS, signal })).catch((error: unknown) => {
    if (error instanceof ConsulFailure && error.kind === 'unreachable')
      throw new ConsulFailure('agent', `Consul does not say which datacenters there are: ${error.message}.`, {
        cause: error,
      })
    throw error
  })
}

function noDatacenter(dc: string, all: readonly string[]): UserError {
  const near = nearest(dc, all)
  const hint = near.length > 0 ? didYouMean(near) : ` There is ${all.map(asCode).join(', ')}.`
  return new UserError(`There is no datacenter ${shown(dc)}.${hint}`)
}

/** Any failure is this datacenter's own: what is thrown for another reason is ours, and is thrown on. */
async function one<T>(dc: string, read: ReadOne<T>): Promise<DcAnswer<T>> {
  try {
    const { rows, fresh } = await within(DATACENTER_MS, (signal) => read({ dc, limitMs: DATACENTER_MS, signal }))
    return { dc, rows, fresh }
  } catch (error) {
    if (error instanceof ConsulFailure)
      return { dc, trouble: shortly(error.message), refused: error.kind === 'forbidden' }
    throw error
  }
}

/** `Consul at 127.0.0.1:8500, asked for the services of dc2, says that ...` is told beside the name of the datacenter. */
export function shortly(message: string): string {
  return message.replace(/^Consul at \S+, asked .*?, (?=says|answered|gave|asks|sent|knows|does|refuses)/, 'Consul ')
}

/** Ends the work for good: `createAsk` looks whether the agent lives before it gives up, which may take seconds. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const late = new ConsulFailure('unreachable', `no answer in ${ms / 1000} s`)
  const timer = setTimeout(() => controller.abort(late), ms)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
  }
}

async function aclOf({ ownToken }: Ask): Promise<Everywhere<unknown>['acl']> {
  try {
    const token = await within(TOKEN_MS, ownToken)
    return typeof token === 'string' ? token : 'known'
  } catch {
    // Then an answer says what holds in any case: that rows may be hidden.
    return 'unsaid'
  }
}
