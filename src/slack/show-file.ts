import { z } from 'zod'
import { isSilent, outputOf } from '../core/execution.ts'
import { fileName } from '../core/stage/files.ts'
import type { Wish } from '../engine/outbox.ts'
import { Later } from './call.ts'
import { tidy } from './deliver.ts'
import type { PosterParts } from './parts.ts'
import { upload } from './upload.ts'

const alternatives = z.record(z.string(), z.string())

/** A file waits this long for the message whose thread it belongs to. */
const PARENT_MS = 1_000

/**
 * A file into the thread of the execution's message, once; again where that message was posted anew. What a later attempt left is
 * another file, so that nobody reads an older plan beside the buttons of a newer one.
 */
export async function showFile(
  parts: PosterParts,
  wish: Wish,
  { id, name, attempt }: { id: string; name: string; attempt: string },
) {
  const { outbox } = parts
  const main = await outbox.posted(`execution:${id}`)
  const execution = main ? null : await parts.store.execution(id)
  if (!main && (!execution || isSilent(execution))) return null
  if (!main) throw new Later(PARENT_MS, 'detail')
  if ((await outbox.posted(wish.name))?.ts === main.ts) return tidy(parts, wish)
  const content = await parts.artifacts.of(id).get(name)
  const file = fileName(name, Number(attempt))
  await upload(parts, wish, {
    alternative: await alternativeOf(parts, id, name),
    file,
    title: `${file} of ${id}`,
    content,
    place: { channel: main.channel, thread: main.ts },
  })
  return (await outbox.doubt(wish.name))?.until ?? null
}

/** What a picture shows in words, as the stage that drew it says. */
async function alternativeOf({ store }: PosterParts, id: string, name: string): Promise<string | undefined> {
  const execution = await store.execution(id)
  for (const stage of execution?.stages ?? []) {
    const said = execution && outputOf(execution, stage.id)?.alternatives
    const words = alternatives.safeParse(said).data?.[name]
    if (words) return words
  }
  return undefined
}
