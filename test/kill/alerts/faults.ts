/** What must be 0 at the end, in the words of the last line. `falsely fired`: for a check that was not bad. */
export const faults = [
  'alerts lost',
  'doubled',
  'wrongly resolved',
  'notes lost',
  'notes doubled',
  'late',
  'falsely fired',
  'fell by themselves',
] as const
export type Fault = (typeof faults)[number]
export type Problem = { readonly fault: Fault; readonly text: string }

/** What no time mends. A message of which two stand there may yet be taken back, or its end may be on its way. */
export const LASTING: readonly Fault[] = ['wrongly resolved', 'falsely fired', 'fell by themselves']

export type Counts = Readonly<Record<Fault, number>>

export function countsOf(found: readonly Problem[]): Counts {
  const texts = (name: Fault) => new Set(found.filter(({ fault }) => fault === name).map(({ text }) => text))
  return Object.fromEntries(faults.map((name) => [name, texts(name).size])) as Counts
}

export const isClean = (counts: Counts): boolean => Object.values(counts).every((count) => count === 0)
