import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { signature } from '../../src/engine/signature.ts'
import { people, repository } from './site.ts'
import type { World, WorldWish } from './world.ts'

const page = join(repository, 'examples/stacks/page')

export const SECRET = 'the-secret-of-the-pipeline'

const git = (cwd: string, ...words: string[]) => {
  const who = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.com' }
  const env = { ...who, GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.com', HOME: cwd }
  return execa('git', words, { cwd, env })
}

/** What a change may do: nothing bad, or fail where it is applied. */
export const stackText = (change: string, failsIn = 'nowhere') => `terraform {
  backend "consul" {}
}
variable "where" { type = string }
variable "items" {
  type    = number
  default = 1
}
resource "terraform_data" "item" {
  count = var.items
}
resource "terraform_data" "${change}" {
  provisioner "local-exec" {
    command = "[ \${var.where} != ${failsIn} ]"
  }
}
`

/** A repository of infrastructure beside the site, with one branch. */
export async function repositoryIn(dir: string) {
  const work = join(dir, 'infra')
  mkdirSync(join(work, 'web'), { recursive: true })
  await git(dir, 'init', '-q', '--bare', '-b', 'main', join(dir, 'infra.git'))
  await git(work, 'init', '-q', '-b', 'main')
  return {
    /** Stores a change as a commit of main, and gives its id. */
    async pushed(change: string, failsIn?: string): Promise<string> {
      writeFileSync(join(work, 'web/main.tf'), stackText(change, failsIn))
      await git(work, 'add', '-A')
      await git(work, 'commit', '-q', '-m', change)
      await git(work, 'push', '-q', join(dir, 'infra.git'), 'HEAD:refs/heads/main')
      return (await git(work, 'rev-parse', 'HEAD')).stdout
    },
  }
}

export type Report = Readonly<Record<string, unknown>>

/** Whom the site reports to. What is not signed right is not taken; `refuse` makes it answer with an error so many times. */
export async function openReports() {
  const taken: Report[] = []
  let refusals = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { 'x-groundcrew-timestamp': seconds, 'x-groundcrew-signature': given } = request.headers
    const right = given === signature(SECRET, String(seconds), body)
    const refused = refusals > 0
    if (refused) refusals -= 1
    if (right && !refused) taken.push(JSON.parse(body.toString()) as Report)
    response.writeHead(right && !refused ? 200 : 500).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taken,
    refuse: (times: number) => {
      refusals = times
    },
    close: () => server.close(),
  }
}

const environment = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  stack: { git: 'infra.git', ref: 'main', path: 'web' },
  backend: { type: 'consul', config: { path: `test/${name}` } },
  variables: { where: name },
  ...more,
})

/** Three environments on one repository, a promotion through them, one on a folder, and a webhook. */
export function promotionSite(reportUrl: string, port: number): WorldWish {
  const names = ['scratch', 'sandbox', 'production']
  const folders = ['f-scratch', 'f-sandbox', 'f-production']
  return {
    environments: {
      ...Object.fromEntries(names.map((name) => [name, environment(name)])),
      ...Object.fromEntries(folders.map((name) => [name, { stack: page, variables: { site: name } }])),
    },
    sections: {
      roles: {
        engineers: { members: [people.alice], may: [{ commands: ['promote', 'runs *'] }] },
        pipelines: { members: ['webhook:ci'], may: [{ commands: ['promote'] }] },
        approvers: { members: [people.bob, people.carol], may: [{ commands: ['runs *'] }] },
      },
      promotions: {
        web: {
          scratch: { env: 'scratch', approve: false },
          sandbox: { env: 'sandbox', approve: false },
          production: 'production',
          report_url: reportUrl,
          report_secret: 'REPORT_SECRET',
        },
        folder: {
          scratch: 'f-scratch',
          sandbox: { env: 'f-sandbox', approve: false },
          production: 'f-production',
          version: 'release',
        },
      },
      webhooks: {
        ci: {
          secret: 'CI_SECRET',
          line: 'promote web --ref {commit}',
          fields: { commit: '[0-9a-f]{40}' },
          authors: { 'bob@example.com': people.bob },
          channel: 'ops',
        },
      },
    },
    variables: () => ({ CI_SECRET: SECRET, REPORT_SECRET: SECRET, GROUNDCREW_HTTP_PORT: String(port) }),
  }
}

/** A signed request, as a pipeline sends it. */
export async function sendHook(port: number, body: Readonly<Record<string, unknown>>, at = Date.now()) {
  const raw = JSON.stringify(body)
  const seconds = String(Math.floor(at / 1000))
  const response = await fetch(`http://127.0.0.1:${port}/hooks/ci`, {
    method: 'POST',
    headers: { 'x-groundcrew-timestamp': seconds, 'x-groundcrew-signature': signature(SECRET, seconds, raw) },
    body: raw,
  })
  return { status: response.status, ...((await response.json()) as { execution?: string; error?: string }) }
}

/** Addresses in the state of an environment; none where it is empty. */
export async function stateOf({ consul }: World, name: string): Promise<string[]> {
  const answer = await fetch(`${consul.url}/v1/kv/test/${name}?raw`)
  if (answer.status === 404) return []
  const { resources = [] } = (await answer.json()) as { resources?: { name: string }[] }
  return resources.map((each) => each.name).toSorted()
}
