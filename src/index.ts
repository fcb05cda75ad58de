/** What a command file may use: the language of commands, the kinds of stages, and the shapes they are made of. Nothing else is public. */

export { nameOf, nameOfId } from './core/actor.ts'
export { resourceAddress, resourceId } from './core/address.ts'
export { alertsOf, calmText, groupLine, watchedLines, worstFirst } from './core/alert/describe.ts'
export { describeGroup } from './core/alert/describe-group.ts'
export { ruleLines, testable } from './core/alert/describe-rule.ts'
export { holding, silenceLine } from './core/alert/describe-silence.ts'
export { routingLines } from './core/alert/routing-text.ts'
export { wantedSilence } from './core/alert/wanted-silence.ts'
export { describeGlass } from './core/break-glass/describe.ts'
export { artifactText, isBad, liveReleases, versionOf } from './core/catalogue.ts'
export {
  command,
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
  z,
} from './core/command.ts'
export {
  describeDatacenters,
  describeHealth,
  describeNode,
  describeService,
  describeServices,
} from './core/consul/describe.ts'
export { describeKey, describeKeys } from './core/consul/describe-kv.ts'
export { startedText, watchLine } from './core/consul/describe-watch.ts'
export { describeWhere } from './core/consul/where.ts'
export { costAt, money } from './core/cost.ts'
export { describeRun } from './core/describe.ts'
export { spoken } from './core/duration.ts'
export { isOver, outputOf } from './core/execution.ts'
export { gitRef } from './core/git-stack.ts'
export { describeHosts, describeInventory } from './core/inventory/describe.ts'
export { clock, dayAndClock } from './core/judgment.ts'
export { describeLoadtest } from './core/load/describe.ts'
export { describeLock } from './core/locks.ts'
export { frozenSettings, overviewLine, overviewLines } from './core/overview.ts'
export { paged, typedAgain } from './core/page.ts'
export { when } from './core/planning/conditions.ts'
export { parallel } from './core/planning/order.ts'
export { environmentOfService } from './core/release.ts'
export { scaleTarget } from './core/scale.ts'
export { describeSchedule, firingText, timesAhead, whenText, zonedText } from './core/schedule.ts'
export { stageFile } from './core/stage/files.ts'
export { wordOf } from './core/status-word.ts'
export { kvTarget } from './core/target.ts'
export { asCode } from './core/text.ts'
export { describeTrigger } from './core/trigger/describe.ts'
export type { Answer, AnswerContext, StageDraft } from './core/workflow.ts'
export { UserError } from './errors.ts'
export {
  ansible,
  blueGreen,
  drift,
  health,
  http,
  image,
  jenkins,
  judgment,
  kv,
  loadTest,
  packer,
  promotion,
  release,
  script,
  terraform,
  wait,
  workflow,
} from './stages/index.ts'
