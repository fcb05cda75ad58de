import type { Execution } from '../execution.ts'
import type { TriggerSettings } from './settings.ts'

/** The last look at one place: a datacenter, the events of our agent, the builds of a job. Times are milliseconds since 1970. */
export type Look = {
  readonly where: string
  /** When it was looked at last, whether that went well or not. */
  readonly at: number
  /** What was there; null where it could not be looked at. */
  readonly saw: string | null
  /** What was wrong. */
  readonly wrong: string | null
}

/** What happened and began something. */
export type Fired = { readonly at: number; readonly what: string; readonly execution: string }

/** What happened and began nothing, and why. */
export type Turned = { readonly at: number; readonly what: string; readonly why: string }

/** What is kept of a trigger, newest first. */
export type TriggerNotes = {
  readonly looks: readonly Look[]
  readonly fired: readonly Fired[]
  readonly refused: Turned | null
  readonly passed: Turned | null
  readonly lost: Turned | null
}

/** The same with what the site says of it. `fired` with the execution, where it is still kept. */
export type TriggerStanding = Omit<TriggerNotes, 'fired'> & {
  readonly name: string
  readonly settings: TriggerSettings
  readonly fired: readonly (Fired & { readonly run: Execution | null })[]
  /** Roles that list it, and whether one of them may run the command of its line. */
  readonly roles: readonly string[]
  readonly may: { readonly command: string; readonly allowed: boolean; readonly roles: readonly string[] }
}
