import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { Import } from '../core/address.ts'
import { importBlock } from '../core/address.ts'
import type { Variables } from '../core/site.ts'
import type { RunContext } from '../core/workflow.ts'
import { UserError } from '../errors.ts'
import { sha256 } from './digest.ts'
import { isWithin } from './source.ts'
import type { Workplace } from './workplace.ts'

/** What a plan is made with besides the stack: variable files with their content, variables, and what it imports. */
const values = z.object({
  variables: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  files: z.array(z.object({ name: z.string(), content: z.string() })),
  imports: z.object({ address: z.string(), id: z.string() }).nullable(),
})
export type Values = z.infer<typeof values>

/** Name and digest of a variable file: what of it is shown and approved. */
export type NamedFile = { readonly name: string; readonly sha256: string }

const ARTIFACT = 'values'
const IMPORT_FILE = 'groundcrew_import.tf'

/** What the plan is made with, kept for everybody who works with this plan later. A plan that is taken over has it already. */
export async function gatherValues(
  context: RunContext,
  place: Workplace,
  { variables, imports }: { readonly variables: Variables; readonly imports: Import | null },
): Promise<Values> {
  if (context.adopted) return keptValues(context, variables)
  const { var_files: wanted, name } = context.environment
  const files = await Promise.all(
    wanted.map(async (file) => {
      const content =
        typeof file === 'string' ? await readBeside(file, name) : await readInside(file.stack, place, name)
      return { name: basename(typeof file === 'string' ? file : file.stack), content: content.toString('base64') }
    }),
  )
  const gathered = { variables, files, imports }
  await context.artifacts.put(ARTIFACT, Buffer.from(JSON.stringify(gathered)))
  return gathered
}

/** The values of the plan of this execution; a plan of before they were kept had nothing but variables. */
export async function keptValues({ artifacts }: Pick<RunContext, 'artifacts'>, variables: Variables): Promise<Values> {
  const kept = await artifacts.get(ARTIFACT).catch(() => null)
  return kept ? values.parse(JSON.parse(Buffer.from(kept).toString())) : { variables, files: [], imports: null }
}

/**
 * Writes them where Terraform reads them, for nobody else to read, and gives the files in order: the variables of the site last,
 * since the last one wins. On a command line everybody on the machine could read them.
 */
export async function layValues(place: Workplace, { variables, files, imports }: Values): Promise<string[]> {
  const folder = join(place.directory, 'values')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const all = files.map(({ name, content }) => ({ name, content: Buffer.from(content, 'base64') }))
  const json = { name: 'site.tfvars.json', content: Buffer.from(JSON.stringify(variables)) }
  const written = [...all, ...(Object.keys(variables).length > 0 ? [json] : [])].map(async ({ name, content }, at) => {
    const path = join(folder, `${at}-${name}`)
    await writeFile(path, content, { mode: 0o600 })
    return path
  })
  if (imports) await writeImport(place, imports)
  return Promise.all(written)
}

async function writeImport(place: Workplace, imports: Import): Promise<void> {
  const path = join(place.stack, IMPORT_FILE)
  const text = importBlock(imports)
  const there = await readFile(path, 'utf8').catch(() => null)
  if (there !== null && there !== text)
    throw new UserError(`The stack has a file ${IMPORT_FILE} of its own; give it another name.`)
  await writeFile(path, text)
}

/** What an approval is bound to of the variable files. */
export function namedFiles({ files }: Values): NamedFile[] {
  return files.map(({ name, content }) => ({ name, sha256: sha256(Buffer.from(content, 'base64')) }))
}

/** The first variable file beside the site that is not what it was when it was planned; null when all of them are. */
export async function changedFile(context: RunContext, { files }: Values): Promise<string | null> {
  const { var_files: wanted } = context.environment
  for (const [at, file] of wanted.entries()) {
    const content = typeof file === 'string' ? await readFile(file).catch(() => null) : undefined
    if (content !== undefined && content?.toString('base64') !== files[at]?.content) return basename(file as string)
  }
  return null
}

async function readBeside(path: string, environment: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new UserError(
      `The variable file ${path} of ${environment} cannot be read on this worker. \`var_files\` are relative to the site file; one of the stack is written { stack: ${basename(path)} }.`,
      { cause },
    )
  })
}

async function readInside(path: string, place: Workplace, environment: string): Promise<Buffer> {
  const file = await realpath(join(place.stack, path)).catch(() => null)
  if (file && isWithin(await realpath(place.tree), file)) return readFile(file)
  throw new UserError(`The variable file ${path} of ${environment} is not in the stack.`)
}
