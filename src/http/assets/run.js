import './list.js'
import { createLive } from './live.js'
import { createLog } from './log.js'
import { morphChildren } from './morph.js'

const $ = (id) => document.getElementById(id)
const base = $('run').dataset.base
const log = createLog({ view: $('view'), space: $('space'), shown: $('shown'), lines: $('lines') })

/** What is looked at: a stage and its attempt. */
let looked = null
/** What somebody chose, so that it stays when the next stage begins; an attempt only where he wants an earlier one. */
let chosen = null
let over = false
let ended = false

const live = createLive(base, {
  now: redraw,
  log: (from, text) => log.add(from, text),
  end() {
    ended = true
    log.end()
    finish()
  },
  over() {
    over = true
    // The last lines of the audit are written just after the end.
    setTimeout(() => void load('audit'), 1500)
    finish()
  },
  state(text) {
    $('lost').textContent = text
    $('lost').hidden = text === ''
  },
})

function finish() {
  if (over && (ended || !looked)) live.close()
}

function look({ stage, attempt }) {
  if (looked && looked.stage === stage && looked.attempt === attempt) return
  looked = { stage, attempt }
  log.clear()
  ended = false
  $('which').value = nameOf(looked)
  $('raw').href = `${base}/log?${new URLSearchParams(looked)}`
  live.open(looked)
}

/** The server made it, with everything in it escaped. */
function redraw(text) {
  const made = new DOMParser().parseFromString(text, 'text/html')
  morphChildren($('now'), made.body)
  document.title = document.querySelector('#now h1').textContent
  listStages()
  void loadParts()
}

const nameOf = ({ stage, attempt }) => `${attempt} ${stage}`

/** Each stage, and each earlier try of it. */
function listStages() {
  const all = [...document.querySelectorAll('#stages a[data-stage]')].map(({ dataset }) => ({ ...dataset }))
  const latest = all.filter(({ latest }) => latest)
  const which = $('which')
  const listed = all.map(nameOf)
  if ([...which.options].map(({ value }) => value).join('\n') !== listed.join('\n'))
    which.replaceChildren(
      ...all.map((each) =>
        Object.assign(document.createElement('option'), {
          value: nameOf(each),
          textContent: each.latest ? each.stage : `${each.stage}, try ${each.attempt}`,
        }),
      ),
    )
  if (looked) which.value = nameOf(looked)
  const current = document.querySelector('#now header').dataset.current
  const stage = chosen?.stage || current || looked?.stage || latest.findLast(({ says }) => says === 'yes')?.stage
  const found =
    (chosen?.attempt && all.find((each) => each.stage === stage && each.attempt === chosen.attempt)) ||
    latest.find((each) => each.stage === stage)
  if (found) look({ stage: found.stage, attempt: found.attempt })
}

function choose({ stage, attempt, latest }) {
  chosen = { stage, attempt: latest ? undefined : attempt }
  listStages()
}

/** Plan and audit are fetched when there may be more of them than before. */
let signature = ''
async function loadParts() {
  const now = [...document.querySelectorAll('#stages tr')].map(({ className }) => className).join()
  const all = `${now} ${document.querySelectorAll('#judgments li, #notes li').length}`
  if (all === signature) return
  signature = all
  await Promise.all(['plan', 'audit'].map(load))
}

async function load(name) {
  const response = await fetch(`${base}/${name}`).catch(() => null)
  if (!response?.ok) return
  const made = new DOMParser().parseFromString(await response.text(), 'text/html')
  morphChildren($(name), made.querySelector('main'))
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-stage]')
  if (!link) return
  // A node of the graph is the stage as it is now.
  choose({ ...link.dataset, latest: link.dataset.latest || link.closest('#graph') ? 'yes' : undefined })
})
$('which').addEventListener('change', ({ target }) => {
  const [, attempt, stage] = /^(\d+) (.*)$/s.exec(target.value) ?? []
  const latest = [...document.querySelectorAll('#stages a[data-latest]')].some(
    ({ dataset }) => dataset.stage === stage && dataset.attempt === attempt,
  )
  if (stage) choose({ stage, attempt, latest: latest ? 'yes' : undefined })
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
  if (document.hidden) live.close()
  else if (!over || !ended) live.resume()
})

/** A graph that is larger than its place begins where something happens. */
const busy = document.querySelector('#graph .running, #graph .waiting, #graph .failed')
const drawing = $('drawing')
if (busy) {
  const [{ top, left }, frame] = [busy.getBoundingClientRect(), drawing.getBoundingClientRect()]
  drawing.scrollTo(left - frame.left - frame.width / 3, top - frame.top - frame.height / 3)
}

listStages()
if (!looked) live.open(null)
void loadParts()
