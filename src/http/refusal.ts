/** Why a request is not taken: the status of HTTP and a plain reason. `more` goes into the answer beside it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly more: Readonly<Record<string, string>>
  constructor(status: number, reason: string, more: Readonly<Record<string, string>> = {}) {
    super(reason)
    this.status = status
    this.more = more
  }
}
