/**
 * Starters of the real programs the demo and the tests run on: each listens on loopback only, keeps its files in the folder
 * it is given, and is stopped by its own pid.
 */
export { startConsul } from './parts/consul.ts'
export { startJenkins } from './parts/jenkins.ts'
export { freePort } from './parts/port.ts'
export { findProgram, type Part, type StartOptions } from './parts/program.ts'
export { startRedis } from './parts/redis.ts'
export { type SlackConfig, type SlackPart, startSlack } from './parts/slack.ts'
export { startVault } from './parts/vault.ts'
export { waitFor } from './parts/wait.ts'
