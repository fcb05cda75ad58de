import type { Glass } from './glass.ts'

/** As somebody asks for it: a name under `break_glass`, for how long (a duration), and why. */
export type GlassWish = { readonly role: string; readonly for: string; readonly why: string }

/** What a command may do with break glass; each throws a `UserError` that says why not. */
export type GlassAnswers = {
  begin(wish: GlassWish): Promise<string>
  /** Anybody may end one, whatever his rights are. */
  end(id: string): Promise<string>
  /** Newest first, with what it gives and how it stands by the clock of Redis. */
  list(limit: number): Promise<{ readonly now: number; readonly glasses: readonly Glass[] }>
}
