import type { SlackMessage } from '../../../examples/demo/slack-control.ts'
import { type Said, type Shown, saidIn, shownIn } from './shown.ts'
import type { Town } from './town.ts'

/** One state of a live message, and when local-slack had it. */
export type Edit = { readonly at: number; readonly shown: Shown; readonly before: Shown | null }

export type Watch = Awaited<ReturnType<typeof watchSlack>>

/** Remembers every message and every edit that local-slack saw, as it saw them. */
export async function watchSlack({ control }: Pick<Town, 'control'>) {
  const [edits, latest, answers] = [[] as Edit[], new Map<string, Shown>(), new Map<string, SlackMessage>()]
  const stop = await control.onMessage((message) => {
    if (message.ephemeral_to) answers.set(message.ts, message)
    const shown = shownIn(message)
    if (!shown) return
    edits.push({ at: Date.now(), shown, before: latest.get(shown.ts) ?? null })
    latest.set(shown.ts, shown)
  })
  return {
    stop,
    /** Every state of every live message, in order. */
    edits: edits as readonly Edit[],
    answers: () => [...answers.values()],
    /** The live messages as they are now. */
    shown: () => [...latest.values()],
  }
}

/** What stands in the channels now, read anew: what was taken back is not there. */
export async function standingIn({ control, channels }: Town): Promise<{ shown: Shown[]; said: Said[] }> {
  const all = (await Promise.all(channels.map((channel) => control.messages(channel)))).flat()
  return { shown: all.flatMap((message) => shownIn(message) ?? []), said: all.flatMap(saidIn) }
}
