import type { Config } from '../config.ts'
import type { Crew } from '../engine/crew.ts'
import type { Engine } from '../engine/engine.ts'
import type { CrewParts } from '../engine/parts.ts'
import type { Log } from '../log.ts'

/** What each piece of the bot is wired from. */
export type BotParts = {
  readonly config: Config
  readonly engine: Engine
  readonly parts: CrewParts
  readonly crew: Crew
  readonly log: Log
}
