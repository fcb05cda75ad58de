// The baseline of alerts: the least that a watcher of Consul can do. It asks by a blocking query, compares each check with what it was,
// and posts one message for each service of which a check changed. It keeps nothing, edits nothing, and knows no trouble.

import { WebClient } from '@slack/web-api'

const { SLACK_BOT_TOKEN = '', SLACK_API_URL = '', CONSUL_HTTP_ADDR = '', BENCH_CHANNEL = '' } = process.env

type Row = { readonly Node: string; readonly CheckID: string; readonly Status: string; readonly ServiceName: string }

const slack = new WebClient(SLACK_BOT_TOKEN, { slackApiUrl: SLACK_API_URL })
let index = '0'
let before: Map<string, string> | null = null

async function read(): Promise<readonly Row[]> {
  const response = await fetch(`${CONSUL_HTTP_ADDR}/v1/health/state/any?wait=30s&index=${index}`)
  index = response.headers.get('x-consul-index') ?? '0'
  return (await response.json()) as Row[]
}

async function turn(): Promise<void> {
  const rows = await read()
  const known = before
  const changed = new Set<string>()
  const now = new Map<string, string>()
  for (const { Node, CheckID, Status, ServiceName } of rows) {
    const key = `${Node}/${CheckID}`
    now.set(key, Status)
    if (known && (known.get(key) ?? 'passing') !== Status && ServiceName) changed.add(ServiceName)
  }
  before = now
  const posts = [...changed].map((service) => {
    const bad = rows.filter(({ ServiceName, Status }) => ServiceName === service && Status !== 'passing').length
    return slack.chat.postMessage({ channel: BENCH_CHANNEL, text: `${service}: ${bad} firing` })
  })
  await Promise.all(posts)
}

await turn()
process.stdout.write('bare watch ready\n')
for (;;) await turn()
