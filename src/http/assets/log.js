import { bare, drawn, plain, styleAfter } from './ansi.js'

const HIGH = 18
const BEYOND = 40

/**
 * A log of any length: only the lines that can be seen are elements.
 * @param {{ view: HTMLElement, space: HTMLElement, shown: HTMLElement, lines: HTMLElement }} elements
 */
export function createLog({ view, space, shown, lines: count }) {
  /** Texts by number less one; a hole is what was dropped. @type {string[]} */
  let texts = []
  /** The colours that each line begins with, as far as they were looked for. */
  let styles = [plain()]
  let follow = true
  let wanted = ''
  let hits = []
  let at = -1
  let due = false
  /** Whether there are lines that were not searched. */
  let stale = false
  let ended = false

  const draw = () => {
    due = false
    if (stale) hits = found()
    space.style.height = `${texts.length * HIGH}px`
    if (follow) view.scrollTop = view.scrollHeight
    const from = Math.max(0, Math.floor(view.scrollTop / HIGH) - BEYOND)
    const to = Math.min(texts.length, Math.ceil((view.scrollTop + view.clientHeight) / HIGH) + BEYOND)
    shown.style.top = `${from * HIGH}px`
    shown.replaceChildren(...Array.from({ length: Math.max(0, to - from) }, (_, index) => row(from + index)))
    const none = ended ? 'It said nothing, or its log is not kept any more.' : ''
    count.textContent =
      texts.length > 0 ? `${texts.length.toLocaleString('en')} ${texts.length === 1 ? 'line' : 'lines'}` : none
  }
  const later = () => {
    if (!due) requestAnimationFrame(draw)
    due = true
  }

  function row(index) {
    const line = document.createElement('div')
    line.className = 'row'
    const number = document.createElement('span')
    number.className = 'number'
    number.textContent = String(index + 1)
    line.append(number)
    const text = texts[index]
    if (text === undefined) {
      const gone = document.createElement('span')
      gone.className = 'gone'
      gone.textContent = '(not kept; all of it is in the file)'
      line.append(gone)
      return line
    }
    if (wanted && bare(text).toLowerCase().includes(wanted)) line.classList.add('hit')
    if (index === hits[at]) line.classList.add('at')
    line.append(drawn(text, styleAt(index)))
    return line
  }

  function styleAt(index) {
    for (let next = styles.length; next <= index; next++)
      styles.push(styleAfter(texts[next - 1] ?? '', styles[next - 1] ?? plain()))
    return styles[index] ?? plain()
  }

  view.addEventListener('scroll', later, { passive: true })
  new ResizeObserver(later).observe(view)

  return {
    /** A piece whose first line has this number, from 1. What stood there before was the same, said by an earlier worker. */
    add(from, text) {
      const lines = text.split('\n')
      for (const [index, line] of lines.entries()) texts[from - 1 + index] = line
      styles.length = Math.max(1, Math.min(styles.length, from))
      stale = wanted !== ''
      later()
    },
    /** Nothing more comes. */
    end() {
      ended = true
      later()
    },
    clear() {
      texts = []
      ended = false
      styles = [plain()]
      hits = []
      at = -1
      later()
    },
    follow(on) {
      follow = on
      later()
    },
    /** Whether somebody scrolled away from the end. */
    isAtEnd: () => view.scrollTop + view.clientHeight >= view.scrollHeight - 2 * HIGH,
    /** Marks the lines with this text; gives how many there are. */
    find(text) {
      wanted = text.toLowerCase()
      hits = wanted ? found() : []
      at = -1
      later()
      return hits.length
    },
    next() {
      if (hits.length === 0) return
      at = (at + 1) % hits.length
      view.scrollTop = Math.max(0, (hits[at] ?? 0) * HIGH - view.clientHeight / 2)
      later()
    },
  }

  function found() {
    stale = false
    const indexes = []
    for (let index = 0; index < texts.length; index++)
      if (
        bare(texts[index] ?? '')
          .toLowerCase()
          .includes(wanted)
      )
        indexes.push(index)
    return indexes
  }
}
