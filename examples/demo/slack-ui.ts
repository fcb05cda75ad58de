import type { View } from '@slack/types'
import type { SlackLogEntry, SlackMessage, ViewResult, ViewValues } from './slack-control.ts'

/** All that local-slack's browser page knows when it opens. */
export type UiState = {
  workspace: { name: string; domain: string; teamId: string }
  apps: { appId: string; botUserId: string; botName: string; mode: 'socket' | 'events'; connected: boolean }[]
  users: { id: string; name: string; real_name?: string; is_bot?: boolean }[]
  channels: { id: string; name: string; members: string[]; is_im: boolean; is_private: boolean }[]
  messages: Record<string, SlackMessage[]>
  modalStack: View[]
  /** User id -> app id -> view. */
  homeViews: Record<string, Record<string, View>>
  log: SlackLogEntry[]
}

/** What local-slack tells its browser page. */
export type UiEvent =
  | { t: 'init'; state: UiState }
  | { t: 'message' | 'message_update'; message: SlackMessage }
  | { t: 'message_delete'; channel: string; ts: string }
  | { t: 'view'; stack: View[] }
  | { t: 'view_errors'; errors: Record<string, string> }
  | { t: 'home'; user: string; appId: string; view: View }
  | { t: 'socket_status'; appId: string; connected: boolean }
  | { t: 'log'; entry: SlackLogEntry }
  | { t: 'channel'; channel: UiState['channels'][number] }

/** The WebSocket of local-slack's page, opened when first needed: some things (modals, live events) have no other way in. */
export function openUi(url: string) {
  const address = `${url.replace(/^http/, 'ws')}/ui`
  const listeners = new Set<(event: UiEvent) => void>()
  let socket: Promise<WebSocket> | undefined

  const connected = (): Promise<WebSocket> => {
    socket ??= connect(address, listeners, () => {
      socket = undefined
    })
    return socket
  }
  const send = async (event: object) => (await connected()).send(JSON.stringify(event))
  const onEvent = async (listener: (event: UiEvent) => void) => {
    listeners.add(listener)
    await connected()
    return () => listeners.delete(listener)
  }
  const close = async () => {
    listeners.clear()
    const open = await socket?.catch(() => undefined)
    open?.close()
  }
  const ui = { send, onEvent, snapshot: () => snapshot(address), close }
  return { ...ui, submitView: (given: Submission) => submitView(ui, given) }
}

type Submission = { user: string; values: ViewValues }

type Ui = {
  send: (event: object) => Promise<void>
  onEvent: (listener: (event: UiEvent) => void) => Promise<() => void>
  snapshot: () => Promise<UiState>
}

/** Submits the topmost modal and waits for what the app made of it. */
async function submitView(ui: Ui, given: Submission): Promise<ViewResult> {
  const { modalStack } = await ui.snapshot()
  if (modalStack.length === 0) throw new Error('No modal is open, so there is none to submit.')
  const answer = Promise.withResolvers<ViewResult>()
  const stop = await ui.onEvent((event) => {
    if (event.t === 'view') answer.resolve({ errors: {}, open: event.stack })
    if (event.t === 'view_errors') answer.resolve({ errors: event.errors, open: modalStack })
  })
  const late = setTimeout(() => answer.reject(new Error('The modal was not answered within 10 s.')), 10_000)
  await ui.send({ t: 'view_submit', ...given })
  return answer.promise.finally(() => {
    clearTimeout(late)
    stop()
  })
}

/** Resolves after local-slack's greeting, so that no event after it is missed. */
async function connect(
  address: string,
  listeners: Set<(event: UiEvent) => void>,
  onClose: () => void,
): Promise<WebSocket> {
  const socket = new WebSocket(address)
  const greeted = Promise.withResolvers<WebSocket>()
  socket.onmessage = ({ data }) => {
    const event = JSON.parse(String(data)) as UiEvent
    greeted.resolve(socket)
    for (const listener of listeners) listener(event)
  }
  socket.onclose = () => {
    onClose()
    greeted.reject(new Error(`local-slack does not answer at ${address}.`))
  }
  socket.onerror = () => {}
  return greeted.promise
}

/** The state as a page that opens now would see it. */
async function snapshot(address: string): Promise<UiState> {
  const state = Promise.withResolvers<UiState>()
  const listen = (event: UiEvent) => event.t === 'init' && state.resolve(event.state)
  const socket = await connect(address, new Set([listen]), () => state.reject(new Error('local-slack ended.')))
  try {
    return await state.promise
  } finally {
    state.promise.catch(() => {})
    socket.close()
  }
}
