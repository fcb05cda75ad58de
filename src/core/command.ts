/** What a person may type: declared in command files, read strictly, explained from one record of its arguments. */
export { z } from 'zod'
export { type Argument, type ArgumentKind, argumentsOf, labelOf } from './command/arguments.ts'
export { type Catalog, createCatalog, type Entry, entriesUnder } from './command/catalog.ts'
export { complete } from './command/complete.ts'
export { type Args, type Command, command, type Definition } from './command/definition.ts'
export {
  CommandError,
  CommandGroup,
  FieldErrors,
  MissingArguments,
  type Problem,
  UnknownCommand,
  UsageError,
} from './command/errors.ts'
export { type FormFields, parseFields } from './command/fields.ts'
export { type ArgumentHelp, type Help, helpFor, helpList, helpText } from './command/help.ts'
export { LONGEST_LINE, type ParsedCommand } from './command/line.ts'
export { type Outside, takeOutside } from './command/outside.ts'
export { type Parsed, parseCommand, parseLine } from './command/parse.ts'
export {
  consulKey,
  consulNode,
  consulService,
  consulTag,
  datacenter,
  duration,
  environmentOf,
  flag,
  freezableOf,
  glassOf,
  imageOf,
  kvOf,
  loadtestOf,
  positional,
  promotionOf,
  rest,
  ruleOf,
  scalableOf,
  serviceOf,
  sizeOf,
  targetOf,
  user,
} from './command/schema.ts'
export type { HelpRequest } from './command/topic.ts'
export { usage } from './command/usage.ts'
