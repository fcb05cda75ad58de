/** A program that has a deadline is killed at it; says whether that was done. Milliseconds; what is over already is killed at once. */
export async function untilDeadline<T>(
  left: number | undefined,
  kill: () => void,
  work: () => Promise<T>,
): Promise<{ ended: T; late: boolean }> {
  if (left === undefined) return { ended: await work(), late: false }
  let late = false
  const timer = setTimeout(
    () => {
      late = true
      kill()
    },
    Math.min(Math.max(0, left), MOST),
  )
  try {
    return { ended: await work(), late }
  } finally {
    clearTimeout(timer)
  }
}

/** The longest that a timer can wait. */
const MOST = 2 ** 31 - 1
