import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { demoFolder } from '../examples/demo/folder.ts'
import { freePort } from '../examples/demo/parts.ts'
import { createRoster } from '../examples/demo/roster.ts'
import { choosePorts, siteFile, writeSettings } from '../examples/demo/settings.ts'
import type { SlackMessage } from '../examples/demo/slack-control.ts'
import { type Parts, startParts } from '../examples/demo/start.ts'
import { stopParts } from '../examples/demo/stop.ts'
import { readSite } from '../src/config/site.ts'
import type { Site } from '../src/core/site.ts'
import { buildArgv, packerEnvironment, validateArgv } from '../src/tools/packer.ts'
import { run } from '../src/tools/run.ts'
import { copyTree } from '../src/tools/tree.ts'
import { scratchFolder } from './processes.ts'
import { openScreen, type Screen } from './screen.ts'
import { median } from './statistics.ts'
import { table } from './table.ts'

const PAIRS = 5

export type Bake = {
  readonly pairs: number
  readonly image: string
  readonly groundcrew: number
  readonly byHand: number
  readonly ratio: number
}

/**
 * Wall time of `/bake app`, from the command until its message says that it succeeded, beside `packer validate` and `packer build` of the
 * same template with the same variables, typed by hand. In pairs, each side first in every other one.
 */
export async function measureBake(signal: AbortSignal): Promise<Bake> {
  await using stack = new AsyncDisposableStack()
  const { screen, folder, site } = await start(stack, signal)
  await throughTheBot(screen, 'base --version 1')
  const typed = await hand(stack, site, folder.images)
  const groundcrew: number[] = []
  const byHand: number[] = []
  for (let pair = 0; pair <= PAIRS; pair++) {
    const bot = async () => groundcrew.push(await throughTheBot(screen, `app --version bot-${pair} --rebake`))
    const turns = [bot, async () => byHand.push(await typed(`hand-${pair}`, signal))]
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) {
      signal.throwIfAborted()
      await turn()
    }
  }
  // The first pair was the warm-up.
  const [ours, theirs] = [median(groundcrew.slice(1)), median(byHand.slice(1))]
  return { pairs: PAIRS, image: 'app', groundcrew: ours, byHand: theirs, ratio: ours / theirs }
}

/** All that the demo runs, in a folder of its own. */
async function start(stack: AsyncDisposableStack, signal: AbortSignal) {
  const folder = demoFolder(scratchFolder(stack))
  folder.prepare()
  mkdirSync(folder.instances, { recursive: true, mode: 0o700 })
  const ports = await choosePorts(folder, await freePort())
  const file = writeImages(folder.dir)
  const settings = { ...writeSettings(folder, ports), GROUNDCREW_SITE: file }
  const site = await readSite(file)
  const parts: Parts = new Map()
  const deaths = new AbortController()
  const onDeath = ({ name, how }: { name: string; how: string }) => deaths.abort(new Error(`${name} ended: ${how}.`))
  stack.defer(() => stopParts({ folder, site, parts, settings, say: () => {} }))
  await startParts({ folder, roster: createRoster(folder), parts, ports, settings, signal, onDeath })
  const screen = await openScreen(`http://127.0.0.1:${ports.slack}`, AbortSignal.any([signal, deaths.signal]))
  stack.defer(() => screen.control.close())
  return { screen, folder, site }
}

/** The demo's people and images in a file elsewhere, with nothing of its other sections. */
function writeImages(dir: string): string {
  const { slack, channels, roles, images } = parse(readFileSync(siteFile, 'utf8')) as Site
  const moved = Object.entries(images).map(([name, image]) => {
    return [name, { ...image, template: resolve(dirname(siteFile), image.template) }]
  })
  const file = join(dir, 'site.yml')
  const site = { slack, demo: true, channels, roles, environments: {}, images: Object.fromEntries(moved) }
  writeFileSync(file, JSON.stringify(site))
  return file
}

async function throughTheBot({ control, next }: Screen, text: string): Promise<number> {
  const line = `\`bake ${text}\``
  const asked = performance.now()
  const [end] = await Promise.all([
    next(`the end of ${line}`, (message) => !message.ephemeral_to && message.text.includes(line) && isOver(message)),
    control.command({ user: 'U01ALICE', channel: 'C01OPS', command: '/bake', text }),
  ])
  if (!/^\S+ succeeded\b/.test(end.message.text)) throw new Error(`Expected it to succeed, found: ${end.message.text}`)
  return end.at - asked
}

function isOver({ text }: SlackMessage): boolean {
  return /^\S+ (succeeded|failed|canceled|unknown)\b/.test(text)
}

/** The same by hand, in a copy of the template: nobody bakes in the folder of the template itself. */
async function hand(stack: AsyncDisposableStack, site: Site, imageDir: string) {
  const dir = scratchFolder(stack)
  const template = site.images.app?.template ?? ''
  const baseFile = join(dir, 'base.json')
  const artifacts = [
    { builder: 'null.base', id: '', region: null, files: [{ name: join(imageDir, 'base-1.tgz'), size: 0 }] },
  ]
  writeFileSync(baseFile, JSON.stringify({ image: 'base', version: '1', artifacts }))
  const { PATH: path = '', HOME: home = dir } = process.env
  const env = packerEnvironment({ path, home, pass: { PKR_VAR_image_dir: join(dir, 'images') } })
  return async (version: string, signal: AbortSignal): Promise<number> => {
    const cwd = join(dir, version)
    await copyTree(template, cwd)
    const variables = { version, manifest: join(cwd, 'manifest.json'), base_version: '1', base_file: baseFile }
    const began = performance.now()
    for (const argv of [validateArgv('.', variables), buildArgv('.', variables)]) {
      const { exitCode, stdout, stderr } = await run(['packer', ...argv], { cwd, env, timeout: 120_000, signal })
      if (exitCode !== 0)
        throw new Error(`packer ${argv[0]} exited with ${exitCode}: ${`${stdout}${stderr}`.slice(-500)}`)
    }
    return performance.now() - began
  }
}

export function bakeReport({ pairs, image, groundcrew, byHand, ratio }: Bake): string {
  return table([
    [`bake of ${image}, seconds, median of ${pairs}`, 'Groundcrew', 'by hand', 'ratio'],
    [
      'validate and build: until it has succeeded',
      (groundcrew / 1000).toFixed(2),
      (byHand / 1000).toFixed(2),
      `${ratio.toFixed(2)}x`,
    ],
  ])
}
