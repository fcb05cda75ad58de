import { WebClient } from '@slack/web-api'
import { messageOf, UserError } from '../errors.ts'
import { noticeMessage } from '../slack/messages/notice.ts'
import { jobOf } from './notify/job.ts'
import { runTerraform } from './notify/terraform.ts'
import type { Ended, Given } from './verb.ts'
import { usageOf } from './verbs.ts'

/**
 * `notify`: a Terraform run of any CI, with the summary that the bot would show, from Terraform's JSON. It ends with Terraform's own
 * exit code: whether Slack heard of it changes nothing about that.
 */
export async function notifyVerb({ words, env }: Given): Promise<Ended> {
  const { channel, argv } = read(words, env)
  const token = env.SLACK_BOT_TOKEN
  if (!token) throw new UserError('SLACK_BOT_TOKEN is not set. `crew notify` posts with it, and needs nothing else.')
  const { exitCode, notice } = await runTerraform(argv, env)
  const client = new WebClient(token, {
    slackApiUrl: env.SLACK_API_URL ?? 'https://slack.com/api/',
    timeout: 10_000,
    retryConfig: { retries: 2 },
  })
  const message = noticeMessage({ ...notice, job: jobOf(env) })
  const problem = await client.chat.postMessage({ channel, ...message, unfurl_links: false }).then(
    () => null,
    (error: unknown) => `crew notify: Slack did not take the summary: ${messageOf(error)}. Terraform's exit stands.`,
  )
  return { code: exitCode, ...(problem ? { err: problem } : {}) }
}

type Asked = { readonly channel: string; readonly argv: readonly string[] }

function read(words: readonly string[], env: Given['env']): Asked {
  const at = words.indexOf('--')
  const own = at < 0 ? [] : words.slice(0, at)
  const argv = at < 0 ? words : words.slice(at + 1)
  const channel = channelIn(own) ?? env.GROUNDCREW_NOTIFY_CHANNEL
  if (argv.length === 0 || argv[0]?.startsWith('-'))
    throw new UserError(`Say which Terraform run to report, after \`--\`.\n${usageOf('notify')}`)
  if (!channel)
    throw new UserError(
      `Say where to post: \`--channel C01OPS\` or GROUNDCREW_NOTIFY_CHANNEL, the id of a channel that the bot is in.\n${usageOf('notify')}`,
    )
  return { channel, argv }
}

function channelIn(own: readonly string[]): string | undefined {
  const [flag, value, ...more] = own
  if (flag === undefined) return undefined
  const joined = /^--channel=(.+)$/.exec(flag)?.[1]
  const channel = joined ?? (flag === '--channel' ? value : undefined)
  const rest = joined ? own.slice(1) : more
  if (!channel || rest.length > 0)
    throw new UserError(`Before \`--\` stands only \`--channel C01OPS\`; ${own.join(' ')} came.\n${usageOf('notify')}`)
  return channel
}
