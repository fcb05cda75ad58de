import type { KnownBlock, View } from '@slack/types'
import { waitFor } from './parts/wait.ts'
import { openUi, type UiState } from './slack-ui.ts'

/** A message as local-slack keeps it. A reply in a thread has the parent's `thread_ts`; what one person alone should see, `ephemeral_to`. */
export type SlackMessage = {
  type: string
  ts: string
  channel: string
  user: string
  text: string
  subtype?: string
  bot_id?: string
  app_id?: string
  blocks?: KnownBlock[]
  thread_ts?: string
  ephemeral_to?: string
  edited?: { user: string; ts: string }
  files?: { id: string; name: string; title: string; size: number; url_private: string }[]
}

/** A line of local-slack's log: every call of the Web API, every delivery to the app, every acknowledgement. */
export type SlackLogEntry = {
  id: string
  time: number
  direction: 'from_bot' | 'to_bot' | 'internal'
  kind: string
  summary: string
  detail?: unknown
}

export type SlackAction = {
  action_id: string
  block_id?: string | undefined
  value?: string | undefined
  type?: string | undefined
  [more: string]: unknown
}

/** The input of a modal: block id -> action id -> `{ type, value }` or `{ type, selected_option }`, as the browser sends it. */
export type ViewValues = Record<string, Record<string, Record<string, unknown>>>

/** What became of a submitted modal: errors by block id, or the modals that are open now. */
export type ViewResult = { errors: Record<string, string>; open: View[] }

export type SlackControl = ReturnType<typeof slackControl>

/** Drives local-slack as its people do: they type, press and submit; and reads what a channel shows. */
export function slackControl(url: string) {
  const ui = openUi(url)
  const { get, post } = http(`${url}/_control`)
  return {
    ...typing(post),
    ...reading(get, ui),
    submitView: ui.submitView,
    closeView: (given: { user: string }) => ui.send({ t: 'view_close', ...given }),
    /** Calls back for every message that is posted or edited, from then on; gives the function that ends it. */
    onMessage: (listener: (message: SlackMessage, event: 'message' | 'message_update') => void) =>
      ui.onEvent((event) => {
        if (event.t === 'message' || event.t === 'message_update') listener(event.message, event.t)
      }),
    /** Ends the connection to the UI; nothing keeps the process alive afterwards. */
    close: ui.close,
  }
}

function typing(post: Http['post']) {
  return {
    /** Returns when the app has acknowledged, or after five seconds without an acknowledgement. */
    command: (given: { user: string; channel: string; command: string; text?: string; appId?: string }) =>
      post('/command', given),
    message: async (given: { user: string; channel: string; text: string; thread_ts?: string }) =>
      (await post<{ message: SlackMessage }>('/message', given)).message,
    /** Presses a button or uses another element of a message; returns when the app has acknowledged. */
    press: (given: { user: string; channel: string; messageTs: string; action: SlackAction }) =>
      post('/interact', given),
    openHome: (given: { user: string; appId?: string }) => post('/open-home', given),
    /** Forgets all messages, home views, modals and the log. */
    reset: () => post('/reset', {}),
  }
}

function reading(get: Http['get'], ui: ReturnType<typeof openUi>) {
  const messages = async (channel: string) => (await get<{ messages: SlackMessage[] }>(`/messages/${channel}`)).messages
  return {
    /** All of a channel in order of arrival, with its threads and what was meant for one person. */
    messages,
    /** The first message in a channel that fits, waited for. */
    waitForMessage: (channel: string, fits: (message: SlackMessage) => boolean, within = '20s') =>
      waitFor(async () => (await messages(channel)).find(fits), { what: `a message in ${channel}`, within }),
    log: async () => (await get<{ log: SlackLogEntry[] }>('/log')).log,
    state: () => get<Pick<UiState, 'workspace' | 'users' | 'channels'>>('/state'),
    /** All that the browser is shown: the apps and whether they are connected, open modals, home views, messages. */
    snapshot: ui.snapshot,
    /** Resolves when an app has its Socket Mode connection. */
    connected: (within = '20s') =>
      waitFor(async () => (await ui.snapshot()).apps.some((app) => app.connected), {
        what: 'the app to connect to local-slack',
        within,
      }),
    /** The open modals, the topmost last. local-slack has one stack for everybody. */
    modals: async () => (await ui.snapshot()).modalStack,
    /** The home view an app (the first, unless given) published for a person. */
    home: async (user: string, appId?: string): Promise<View | undefined> => {
      const { homeViews, apps } = await ui.snapshot()
      return homeViews[user]?.[appId ?? apps[0]?.appId ?? '']
    },
  }
}

/** The buttons and other elements of a message that can be pressed, each ready for `press`. */
export function actionsOf(message: Pick<SlackMessage, 'blocks'>): (SlackAction & { text?: { text: string } })[] {
  return (message.blocks ?? []).flatMap((block, index) => {
    const accessory = 'accessory' in block && block.accessory ? [block.accessory] : []
    const elements = block.type === 'actions' ? block.elements : accessory
    return elements.flatMap((element) =>
      'action_id' in element && element.action_id
        ? [{ ...element, action_id: element.action_id, block_id: block.block_id ?? `b${index}` }]
        : [],
    )
  }) as (SlackAction & { text?: { text: string } })[]
}

type Http = ReturnType<typeof http>

function http(base: string) {
  const read = async <T>(path: string, request: RequestInit): Promise<T> => {
    const response = await fetch(`${base}${path}`, { ...request, signal: AbortSignal.timeout(15_000) })
    const text = await response.text()
    if (!response.ok) throw new Error(`local-slack answered ${response.status} to ${path}: ${text.slice(0, 300)}`)
    return JSON.parse(text) as T
  }
  const headers = { 'content-type': 'application/json' }
  return {
    get: <T>(path: string) => read<T>(path, {}),
    post: <T = { ok: true }>(path: string, body: unknown) =>
      read<T>(path, { method: 'POST', headers, body: JSON.stringify(body) }),
  }
}
