import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { z } from 'zod'
import type { Edit } from '../../core/kv/adopt.ts'
import { adopt } from '../../core/kv/adopt.ts'
import { secretKeys } from '../../core/kv/keys.ts'
import type { SettingsFile } from '../../core/kv/source.ts'
import { readSettings } from '../../core/kv/source.ts'
import { unifiedDiff } from '../../core/kv/unified.ts'
import { createMask } from '../../core/mask.ts'
import { withoutPasswords } from '../../core/user-info.ts'
import type { Outcome, RunContext, Shape, StageDraft, StageKind } from '../../core/workflow.ts'
import { UserError } from '../../errors.ts'
import { maskFor } from '../workplace.ts'
import { lookAtAll } from './drift.ts'
import { edited } from './edit.ts'
import { treeOf } from './file.ts'
import { redacted } from './redact.ts'
import type { Source } from './source.ts'

const input = z.strictObject({})
export const PATCH = 'kv-adopt.patch'
const MOST_LINES = 30

/** What was changed by hand as a diff of the source, for somebody to commit. It commits nothing itself and changes nothing in Consul. */
export const kvAdoptKind: StageKind<z.infer<typeof input>> = {
  kind: 'kv.adopt',
  input,
  repeatable: true,
  plan(_, { kv }) {
    if (!kv) throw new Error('Settings are adopted into a source: give the command `environment: kvTarget(...)`.')
    return {}
  },
  run: (_, context) => run(context),
}

async function run(context: RunContext): Promise<Outcome> {
  const { kv, site } = context
  const { source, looked } = await lookAtAll(context)
  const away = looked.find(({ seen }) => seen === null)
  if (away)
    throw new UserError(
      `${away.dc} is away, so that nobody knows what all of them have: ${away.why} Adopt when it answers.`,
    )
  const hand = looked.flatMap(({ findings }) => findings.filter(({ by }) => by === 'hand'))
  const keys = [
    ...new Set(hand.filter(({ change }) => change.kind === 'key').map(({ change }) => change.key)),
  ].toSorted()
  const isSecret = secretKeys(site, kv)
  const thereOf = (key: string) =>
    new Map(
      looked.map(({ dc, seen }) => {
        const found = seen?.keys.get(key)
        return [dc, found ? found.text : undefined] as const
      }),
    )
  const all = keys.map((key) => ({ key, there: thereOf(key), ...adopt(key, thereOf(key), source.settings, isSecret) }))
  const services = hand
    .filter(({ change }) => change.kind === 'service')
    .map(({ dc, change }) => `${dc}: service ${change.key}: edit services.yml by hand`)
  const left = [...all.flatMap((each) => each.left ?? []), ...services]
  const { patch, failed } = await patchOf(
    context,
    source,
    all.flatMap(({ edits }) => edits),
  )
  const taken = all.filter((each) => each.left === null && !each.edits.some(({ file }) => failed.includes(file))).length
  const said = [
    ...left,
    ...failed.map((file) => `${file}: no diff can say what Consul has and show no secret: edit it by hand`),
  ]
  const mask = maskFor(context)
  if (patch) await context.artifacts.put(PATCH, Buffer.from(patch))
  const where = typeof kv.source === 'string' ? 'in the folder of the source' : `at the top of ${kv.source.git}`
  const zero = patch?.includes(ZERO) ? ' --unidiff-zero' : ''
  const headline =
    hand.length === 0
      ? 'Nothing was changed by hand, so there is nothing to adopt.'
      : taken === 0
        ? 'Nothing of it can be adopted by a diff.'
        : `A diff that adopts ${taken} key${taken === 1 ? '' : 's'}: \`git apply${zero} ${PATCH}\` ${where}, review, commit. Nothing was committed and nothing written to Consul.`
  return {
    kind: 'succeeded',
    output: {
      headline: mask(headline),
      loud: true,
      lines: said.slice(0, MOST_LINES).map((line) => mask(line)),
      more: Math.max(said.length - MOST_LINES, 0),
      parts: [],
      ...(patch ? { files: [PATCH] } : {}),
    },
  }
}

const ZERO = '# Without context, since that would show secrets: git apply --unidiff-zero\n'

/** The diff of all files that the edits are about. A file of which the edits do not give what is meant, or show a secret, is left to people. */
async function patchOf(
  context: RunContext,
  source: Source,
  edits: readonly Edit[],
): Promise<{ patch: string | null; failed: string[] }> {
  const failed: string[] = []
  const changed: Changed[] = []
  const mask = secretsOf(context, source)
  for (const [file, some] of Map.groupBy(edits, (edit) => edit.file)) {
    const before = await readFile(join(source.folder, file), 'utf8')
    const after = edited(file, before, some)
    const pair = {
      name: nameOf(context, file),
      before,
      after,
      shown: shownOf(context, source, { file, before, after }),
    }
    if (saysWhatIsMeant(file, source.settings, after, some) && !showsSecrets(pair, 0, mask)) changed.push(pair)
    else failed.push(file)
  }
  if (changed.length === 0) return { patch: null, failed }
  const diffOf = (context: number) => changed.map((pair) => diffWith(pair, context)).join('')
  if (!changed.some((pair) => showsSecrets(pair, 3, mask))) return { patch: diffOf(3), failed }
  return { patch: `${ZERO}${diffOf(0)}`, failed }
}

/** `shown`: both texts without the secrets that stand in them. */
type Changed = { name: string; before: string; after: string; shown: readonly [string, string] }

function diffWith({ name, before, after }: Changed, context: number): string {
  return unifiedDiff(name, before, after, context)
}

/** Whether a line of the diff holds a secret: without secrets it is another one, or there is something to mask in it. */
function showsSecrets(pair: Changed, context: number, mask: (text: string) => string): boolean {
  const diff = diffWith(pair, context)
  const [before, after] = pair.shown
  return mask(diff) !== diff || diff !== unifiedDiff(pair.name, before, after, context)
}

function shownOf(
  { site, kv }: RunContext,
  { settings }: Source,
  { file, before, after }: { file: string; before: string; after: string },
): readonly [string, string] {
  const isSecret = secretKeys(site, kv)
  const prefix = settings.find((each) => each.file === file)?.prefix ?? ''
  const without = (text: string) => redacted(text, (rest) => isSecret(prefix + rest))
  return [without(before), without(after)]
}

function nameOf({ kv }: RunContext, file: string): string {
  return typeof kv.source === 'string' ? file : posix.join(kv.source.path, file)
}

/** Read again, the file has each edited key as it is meant, and all others as they were. */
function saysWhatIsMeant(
  file: string,
  settings: readonly SettingsFile[],
  after: string,
  edits: readonly Edit[],
): boolean {
  const before = settings.find((each) => each.file === file)
  if (!before) return false
  const expected = leavesOf(before)
  for (const { section, key, text } of edits) {
    if (text === null) expected.delete(`${section ?? ''}\0${key}`)
    else expected.set(`${section ?? ''}\0${key}`, JSON.stringify([text, null]))
  }
  try {
    const found = leavesOf(readSettings(file, treeOf(file, Buffer.from(after))))
    return found.size === expected.size && [...expected].every(([place, value]) => found.get(place) === value)
  } catch (error) {
    if (error instanceof UserError) return false
    throw error
  }
}

function leavesOf({ common, local }: SettingsFile): Map<string, string> {
  const sections = [['', common] as const, ...local]
  return new Map(
    sections.flatMap(([dc, leaves]) =>
      leaves.map(({ key, text, env }) => [`${dc}\0${key}`, JSON.stringify([text, env])] as const),
    ),
  )
}

/** Secrets that stand in the source in clear, and passwords in addresses, must not come out by the lines around an edit. */
function secretsOf(context: RunContext, { settings }: Source): (text: string) => string {
  const isSecret = secretKeys(context.site, context.kv)
  const leaves = settings.flatMap(({ common, local }) => [...common, ...[...local.values()].flat()])
  const values = createMask(leaves.filter(({ key }) => isSecret(key)).map(({ text }) => text))
  const own = maskFor(context)
  return (text) => withoutPasswords(own(values(text)))
}

/** `kv.adopt()` in a workflow. */
export function kvAdoptDraft(shape: Shape = {}): StageDraft {
  return { kind: kvAdoptKind.kind, input: {}, ...shape }
}
