/** Something that is done again and again; what takes longer than its time is not begun a second time meanwhile. */
type Round = { readonly every: number; readonly work: () => Promise<void> }

/** Each goes round by itself, so that one which has to wait keeps no other one waiting. */
export function createRounds(
  rounds: readonly Round[],
  { may, failed }: { readonly may: () => boolean; readonly failed: (error: unknown) => void },
) {
  const running = new Map<Round, Promise<void>>()

  function begin(round: Round): void {
    if (!may() || running.has(round)) return
    const done = round
      .work()
      .catch(failed)
      .finally(() => running.delete(round))
    running.set(round, done)
  }

  const timers = rounds.map((round) => setInterval(() => begin(round), round.every))
  return {
    /** Resolves when what goes round now is done. */
    async kick(): Promise<void> {
      rounds.forEach(begin)
      await Promise.all(running.values())
    },
    async stop(): Promise<void> {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(running.values())
    },
  }
}
