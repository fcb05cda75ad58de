import './list.js'
import { createLog } from './log.js'

const $ = (id) => document.getElementById(id)
const base = $('run').dataset.base
const log = createLog({ view: $('view'), space: $('space'), shown: $('shown'), lines: $('lines') })

/** What is looked at: a stage and its attempt. `chosen`: by the person, so that it stays when the next stage begins. */
let looked = null
let chosen = false
let source = null
let over = false
let ended = false

const stages = () => [...document.querySelectorAll('#stages a[data-stage]')].map(({ dataset }) => dataset)

function look(stage, attempt) {
  const same = looked && looked.stage === stage && looked.attempt === attempt
  if (same) return
  looked = { stage, attempt }
  log.clear()
  ended = false
  $('which').value = stage
  $('raw').href = `${base}/log?stage=${encodeURIComponent(stage)}&attempt=${attempt}`
  open()
}

/** One connection for all: a browser has few of them for one host. */
function open() {
  source?.close()
  const query = looked ? `?stage=${encodeURIComponent(looked.stage)}&attempt=${looked.attempt}` : ''
  source = new EventSource(`${base}/events${query}`)
  const mine = source
  mine.addEventListener('now', ({ data }) => redraw(JSON.parse(data).html))
  mine.addEventListener('log', ({ data }) => {
    const { from, text } = JSON.parse(data)
    log.add(from, text)
  })
  mine.addEventListener('end', () => {
    ended = true
    finish()
  })
  mine.addEventListener('over', () => {
    over = true
    // The last lines of the audit are written just after the end.
    setTimeout(() => void load('audit'), 1500)
    finish()
  })
  mine.addEventListener('error', () => {
    if (mine !== source || mine.readyState !== EventSource.CLOSED) return
    lost('This page is not kept up to date any more: its time is over, or the bot is away. Open it again from Slack.')
  })
  mine.addEventListener('open', () => lost(''))
}

function lost(text) {
  $('lost').textContent = text
  $('lost').hidden = text === ''
}

function finish() {
  if (over && (ended || !looked)) source?.close()
}

/** The server made it, with everything in it escaped. */
function redraw(text) {
  const made = new DOMParser().parseFromString(text, 'text/html')
  $('now').replaceChildren(...made.body.childNodes)
  listStages()
  void loadParts()
}

function listStages() {
  const all = stages()
  const which = $('which')
  if (which.options.length !== all.length)
    which.replaceChildren(
      ...all.map(({ stage }) => Object.assign(document.createElement('option'), { value: stage, textContent: stage })),
    )
  const current = document.querySelector('#now header').dataset.current
  const stage =
    (chosen && looked?.stage) || current || looked?.stage || all.findLast(({ says }) => says === 'yes')?.stage
  const found = all.find((each) => each.stage === stage)
  if (found) look(found.stage, found.attempt)
}

/** Plan and audit are fetched when there may be more of them than before. */
let signature = ''
async function loadParts() {
  const now = [...document.querySelectorAll('#stages tr')].map(({ className }) => className).join()
  if (now === signature) return
  signature = now
  await Promise.all(['plan', 'audit'].map(load))
}

async function load(name) {
  const response = await fetch(`${base}/${name}`)
  if (!response.ok) return
  const made = new DOMParser().parseFromString(await response.text(), 'text/html')
  $(name).replaceChildren(...made.querySelector('main').childNodes)
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-stage]')
  if (!link) return
  chosen = true
  look(link.dataset.stage, link.dataset.attempt)
})
$('which').addEventListener('change', ({ target }) => {
  chosen = true
  const found = stages().find(({ stage }) => stage === target.value)
  if (found) look(found.stage, found.attempt)
})
$('follow').addEventListener('change', ({ target }) => log.follow(target.checked))
for (const kind of ['wheel', 'touchmove', 'keydown'])
  $('view').addEventListener(
    kind,
    () =>
      requestAnimationFrame(() => {
        $('follow').checked = log.isAtEnd()
        log.follow($('follow').checked)
      }),
    { passive: true },
  )
$('find').addEventListener('input', ({ target }) => {
  const count = log.find(target.value)
  $('found').textContent = target.value ? `${count.toLocaleString('en')} found` : ''
})
$('find').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return
  $('follow').checked = false
  log.follow(false)
  log.next()
})

/** Nobody looks at a hidden page: its connection is given to others. */
document.addEventListener('visibilitychange', () => {
  if (document.hidden) source?.close()
  else if (!over || !ended) {
    log.clear()
    open()
  }
})

listStages()
void loadParts()
if (!source) open()
