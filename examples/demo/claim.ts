import { linkSync, renameSync, rmSync } from 'node:fs'
import { UserError } from '../../src/errors.ts'
import { fromProc, fromPs, type Identity, lives } from '../../src/tools/run/identity.ts'
import { readIfThere, writePrivate } from './folder.ts'

type Claim = Identity & { readonly url: string }

/** Start time and boot beside the pid, so that nobody who is given the same pid later is taken for this process. */
export async function identityOf(pid: number): Promise<Identity | undefined> {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/**
 * Makes this process the only demo of its folder, until the given function is called or it dies. Throws a `UserError` while
 * another one lives; the claim of a dead one is set aside.
 */
export async function claimFolder(file: string, url: string): Promise<() => void> {
  const own = await identityOf(process.pid)
  const draft = `${file}.${process.pid}`
  writePrivate(draft, JSON.stringify({ ...own, url }))
  try {
    while (!linked(draft, file)) await setAside(file)
  } finally {
    rmSync(draft, { force: true })
  }
  return () => rmSync(file, { force: true })
}

function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function setAside(file: string): Promise<void> {
  const text = readIfThere(file)
  if (text === undefined) return
  const claim = claimIn(text)
  if (claim && (await lives(claim))) {
    throw new UserError(
      `The demo already runs (pid ${claim.pid}, ${claim.url}). Use that one, or end it first: kill ${claim.pid}`,
    )
  }
  // Another start may have been quicker and taken its place meanwhile: what is not the stale one is given back.
  const aside = `${file}.stale-${process.pid}`
  if (!moved(file, aside)) return
  if (readIfThere(aside) !== text) linked(aside, file)
  rmSync(aside, { force: true })
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function claimIn(text: string): Claim | undefined {
  try {
    return JSON.parse(text) as Claim
  } catch {
    return undefined
  }
}
