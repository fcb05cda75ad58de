import { createHash } from 'node:crypto'
import { cp, lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as tar from 'tar'
import { UserError } from '../errors.ts'

/** What belongs to one machine or one run, and never to a stack. */
const LEFT_OUT = new Set(['.git', '.terraform', '.terraform.tfstate.lock.info', 'crash.log'])
const isLeftOut = (name: string) => LEFT_OUT.has(name) || /\.tfstate(\..*)?$/.test(name)

/** Paths of all files below a folder, relative and sorted, without what is left out. Throws a `UserError` when it is no folder. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new UserError(`The folder ${folder} cannot be read; is the stack there on this machine?`, { cause })
  })
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  return paths.filter((path) => !path.split('/').some(isLeftOut)).sort()
}

/**
 * SHA-256 over path, kind, executable bit and content of every file: a plan holds only `.tf` files, not the scripts they call, so
 * that an approval needs this as well.
 */
export async function treeDigest(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await filesOf(folder)) {
    const file = join(folder, path)
    const stat = await lstat(file)
    const [kind, content] = stat.isSymbolicLink() ? ['link', await readlink(file)] : ['file', await readFile(file)]
    const digest = createHash('sha256').update(content).digest('hex')
    hash.update(`${kind} ${stat.mode & 0o100 ? 'x' : '-'} ${digest} ${JSON.stringify(path)}\n`)
  }
  return hash.digest('hex')
}

/** A private copy of a stack, without what is left out. */
export async function copyTree(from: string, to: string): Promise<void> {
  await filesOf(from)
  await mkdir(to, { recursive: true, mode: 0o700 })
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !relative(from, path).split('/').some(isLeftOut),
  })
}

/** The folder as a gzipped tar, made the same way every time. */
export async function packTree(folder: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  const packed = tar.create({ cwd: folder, gzip: true, portable: true, noMtime: true }, await filesOf(folder))
  for await (const chunk of packed) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Unpacks into a new folder; the archive's own paths can not lead out of it. */
export async function unpackTree(packed: Uint8Array, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  await pipeline(Readable.from([Buffer.from(packed)]), tar.extract({ cwd: to, strict: true }))
}
