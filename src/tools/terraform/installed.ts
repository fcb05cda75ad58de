import { constants } from 'node:fs'
import { access, open, readdir, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import type { Run } from '../run.ts'
import { version } from '../terraform.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A Terraform of this machine; `version` is null where it did not answer, `from` says where it lies in a person's words. */
export type Terraform = { readonly bin: string; readonly version: string | null; readonly from: string }

/** All that were found, and where was looked. */
export type Found = { readonly installed: readonly Terraform[]; readonly places: readonly string[] }

type Given = { readonly env: Readonly<Record<string, string>>; readonly inherit: Environment; readonly run: Run }

/**
 * Every Terraform on the PATH, and in the directories of tfenv (https://github.com/tfutils/tfenv: `versions/1.11.4/terraform`
 * below TFENV_CONFIG_DIR, TFENV_ROOT or ~/.tfenv). tfenv's own `terraform` chooses anew in every folder, so that it is passed over.
 */
export async function terraformsHere({ env, inherit, run }: Given): Promise<Found> {
  const onPath = await executables((env.PATH ?? '').split(':').filter(isAbsolute))
  const shims = await Promise.all(onPath.map(isShim))
  const roots = [
    inherit.TFENV_CONFIG_DIR,
    inherit.TFENV_ROOT,
    env.HOME && join(env.HOME, '.tfenv'),
    ...(await Promise.all(onPath.filter((_, at) => shims[at]).map(rootOf))),
  ]
  const folders = [...new Set(roots.filter((root) => root !== undefined && isAbsolute(root)))].map((root) =>
    join(root as string, 'versions'),
  )
  const kept = await Promise.all(folders.map(versionsIn))
  const asked = onPath
    .filter((_, at) => !shims[at])
    .map(async (bin) => ({ bin, from: bin, ...(await ask(bin, env, run)) }))
  return {
    installed: [...(await Promise.all(asked)), ...kept.flat()],
    places: ['on the PATH', ...folders.map((folder) => `in ${folder}`)],
  }
}

async function executables(folders: readonly string[]): Promise<string[]> {
  const files = [...new Set(folders)].map((folder) => join(folder, 'terraform'))
  const there = await Promise.all(files.map(isExecutable))
  return files.filter((_, at) => there[at])
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** A script that names tfenv. A Terraform itself is a binary. */
async function isShim(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => null)
  if (!handle) return false
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    const start = buffer.subarray(0, bytesRead).toString('latin1')
    return start.startsWith('#!') && start.includes('tfenv')
  } finally {
    await handle.close()
  }
}

/** `~/.tfenv/bin/terraform`, which is often linked to from elsewhere. */
async function rootOf(shim: string): Promise<string> {
  return dirname(dirname(await realpath(shim)))
}

async function versionsIn(folder: string): Promise<Terraform[]> {
  const names = await readdir(folder).catch(() => [])
  const all = names.map((name) => ({ bin: join(folder, name, 'terraform'), version: name, from: `in ${folder}` }))
  const there = await Promise.all(all.map(({ bin }) => isExecutable(bin)))
  return all.filter((_, at) => there[at])
}

async function ask(bin: string, env: Readonly<Record<string, string>>, run: Run): Promise<{ version: string | null }> {
  return version(bin, env, { run }).then(
    (answer) => ({ version: answer }),
    () => ({ version: null }),
  )
}

/** Whether a program is OpenTofu, by the name of its file: its answers name it nowhere. */
export async function isTofu(bin: string, path = ''): Promise<boolean> {
  const candidates = bin.includes('/') ? [bin] : path.split(':').map((folder) => join(folder, bin))
  for (const candidate of candidates) {
    const file = (await isExecutable(candidate)) ? await realpath(candidate) : null
    if (file) return /tofu/i.test(basename(file)) || /tofu/i.test(basename(bin))
  }
  return /tofu/i.test(basename(bin))
}
