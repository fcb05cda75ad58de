import type { Answer, AnswerFile } from '../core/workflow.ts'
import { messageOf } from '../errors.ts'
import type { Desk } from './desk.ts'
import { once } from './desk.ts'
import type { Message } from './limits.ts'
import { answerMessage } from './messages.ts'

/** Slack waits two seconds for the answer, of which the look-up may have taken one. */
const SENT_WITHIN_MS = 600

type To = { readonly user: string; readonly line: string; readonly request: string }

/** An answer as its asker alone sees it. A file goes to him in a direct message, never into the channel, and the answer says whether it does. */
export async function privateAnswer(desk: Desk, answer: Answer, to: To): Promise<Message> {
  const rest = answer.buttons?.length ? '; the pages have all of it' : ''
  return answerMessage(answer, answer.file ? await sent(desk, answer.file, { ...to, rest }) : undefined)
}

/** `rest`: where else all of it is, if anywhere. */
type Sending = To & { readonly rest: string }

async function sent(desk: Desk, file: AnswerFile, { user, line, request, rest }: Sending): Promise<string> {
  const name = `\`${file.name.replaceAll('`', "'")}\``
  const send = desk.sendFile
  if (!send) return `Files cannot be sent here, so ${name} is left out${rest}.`
  const arrived = `All of it is in ${name}, which went to you alone as a direct message.`
  if (!(await once(desk, `file:${request}`))) return arrived
  const sending = send(user, file, line).then(
    () => arrived,
    (error: unknown) => {
      desk.log.warn({ error: messageOf(error), file: file.name }, 'file not sent')
      return `⚠️ ${name} could not be sent to you (${messageOf(error)})${rest}.`
    },
  )
  let timer: NodeJS.Timeout | undefined
  const later = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`All of it is in ${name}, on its way to you alone as a direct message.`),
      SENT_WITHIN_MS,
    )
  })
  return Promise.race([sending, later]).finally(() => clearTimeout(timer))
}
