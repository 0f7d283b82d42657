/** The live channel: one WebSocket that comes back by itself. It knows messages, not what they mean. */
import { signal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import {
  EDIT_BYTES,
  NOT_THERE,
  PART_BYTES,
  SIGNED_OUT,
  type ClientMessage,
  type EditPart,
  type Predictions,
  type ServerMessage,
} from './generated'

const PING_EVERY_MS = 20_000
const SILENCE_MS = 45_000
const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 10_000

/** A binary message: its header, and one table's bytes per entry of `header.tables`. */
export interface PredictionsMessage {
  readonly header: Predictions
  readonly tables: readonly Uint8Array[]
}

export interface LiveHandlers {
  onMessage(message: Exclude<ServerMessage, Predictions>): void
  onPredictions(message: PredictionsMessage): void
  /** The channel won't come back by itself; `message` says what the person can do. */
  onEnded(message: string): void
}

export type CloseOutcome = { readonly retry: true } | { readonly retry: false; readonly message: string }

/** What a closed socket means: whether to come back, or what to tell. */
export function classifyClose(code: number): CloseOutcome {
  switch (code) {
    case SIGNED_OUT:
      return { retry: false, message: t('You are signed out. Sign in again; your unsent edits are kept here.') }
    case NOT_THERE:
      return { retry: false, message: t('This video is no longer shared with you.') }
    default:
      return { retry: true }
  }
}

/** How long to wait before the n-th try (from 0): doubling, bounded, and spread so that browsers don't come at once. */
export function waitBefore(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS)
  return longest / 2 + (random() * longest) / 2
}

/** Take a binary message apart. Raises when its parts don't add up. */
export function decodePredictions(data: ArrayBuffer): PredictionsMessage {
  const length = new DataView(data).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as Predictions
  let at = 4 + length
  const tables = header.tables.map((table) => {
    const bytes = new Uint8Array(data, at, table.bytes)
    at += table.bytes
    return bytes
  })
  if (at !== data.byteLength) throw new Error(`A prediction message of ${data.byteLength} bytes announces ${at}.`)
  return { header, tables }
}

/** The JSON of an edit in parts that each fit into a message. */
export function* partsOf(edit: string, text: string, most = PART_BYTES): Generator<EditPart> {
  let at = 0
  for (let index = 0; at < text.length; index++) {
    let end = Math.min(at + most, text.length)
    // Halves of a character don't travel by themselves.
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--
    yield { type: 'edit.part', edit, index, last: end === text.length, text: text.slice(at, end) }
    at = end
  }
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code < 0xdc00

export class LiveChannel {
  /** Whether messages get through right now. */
  readonly connected: Signal<boolean> = signal(false, { name: 'live.connected' })
  /** Since when they don't, in ms since 1970; null while they do. */
  readonly offlineSince: Signal<number | null> = signal(null, { name: 'live.offlineSince' })
  /** When it is tried again, in ms since 1970; null while it is being tried, or there is no need. */
  readonly retryAt: Signal<number | null> = signal(null, { name: 'live.retryAt' })
  /** The code with which it was closed for good; null: it comes back by itself. */
  readonly endedBy: Signal<number | null> = signal(null, { name: 'live.endedBy' })
  private socket: WebSocket | null = null
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | null = null
  private ticker: ReturnType<typeof setInterval> | null = null
  private heardAt = 0
  private ended = false
  private disposed = false

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
    private readonly open: (url: string) => WebSocket = (address) => new WebSocket(address),
  ) {}

  connect(): void {
    if (this.ended || this.socket) return
    this.retryAt.value = null
    const socket = this.open(this.url)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onopen = () => {
      this.heardAt = Date.now()
      this.ticker = setInterval(() => this.check(), PING_EVERY_MS)
    }
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.receive(event.data)
    socket.onclose = (event) => this.closed(event.code)
  }

  /** Whether it could be handed to the socket; what isn't must be sent again after the next welcome. */
  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false
    const text = JSON.stringify(message)
    if (message.type !== 'edit' || text.length <= PART_BYTES) this.socket.send(text)
    else if (text.length > EDIT_BYTES) this.refuse(message, text.length)
    else for (const part of partsOf(message.id, text)) this.socket.send(JSON.stringify(part))
    return true
  }

  /** What no connection takes would end each, again and again. */
  private refuse(message: ClientMessage, length: number): void {
    const [came, most] = [length, EDIT_BYTES].map((bytes) => (bytes / 2 ** 20).toFixed(0))
    const words = t('This change has {came} MiB, more than the {most} MiB that can be sent at once. Do it in parts.', {
      came: came!,
      most: most!,
    })
    const edit = message.type === 'edit' ? message.id : null
    queueMicrotask(() => this.handlers.onMessage({ type: 'refused', message: words, edit, run: null }))
  }

  /** Try now instead of after the wait: the browser is online again, or the person says so. */
  hurry(): void {
    // Whoever was shown out finds the same again; a page that is loaded anew says so.
    if (this.socket || this.disposed || this.endedBy.value === NOT_THERE) return
    if (this.timer) clearTimeout(this.timer)
    this.attempt = 0
    this.ended = false
    this.endedBy.value = null
    this.connect()
  }

  /** Don't wait for an open connection that is dead: begin anew. */
  drop(): void {
    const socket = this.socket
    if (!socket) return
    // A dead connection says that it is closed only after another while.
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close(4000)
    this.closed(4000)
  }

  dispose(): void {
    this.ended = this.disposed = true
    if (this.timer) clearTimeout(this.timer)
    if (this.ticker) clearInterval(this.ticker)
    this.socket?.close(1000)
  }

  private receive(data: string | ArrayBuffer): void {
    this.heardAt = Date.now()
    if (typeof data !== 'string') {
      this.handlers.onPredictions(decodePredictions(data))
      return
    }
    const message = JSON.parse(data) as ServerMessage
    if (message.type === 'welcome') {
      this.attempt = 0
      this.connected.value = true
      this.offlineSince.value = null
    }
    if (message.type !== 'predictions') this.handlers.onMessage(message)
  }

  /** Keep the connection alive; give up one that is silent, which a dropped network leaves open for minutes. */
  private check(): void {
    if (Date.now() - this.heardAt > SILENCE_MS) this.drop()
    else this.send({ type: 'ping' })
  }

  private closed(code: number): void {
    if (this.ticker) clearInterval(this.ticker)
    this.socket = null
    this.connected.value = false
    if (this.ended) return
    this.offlineSince.value ??= Date.now()
    const outcome = classifyClose(code)
    if (outcome.retry) {
      const wait = waitBefore(this.attempt++)
      this.retryAt.value = Date.now() + wait
      this.timer = setTimeout(() => this.connect(), wait)
    } else {
      this.ended = true
      this.endedBy.value = code
      this.handlers.onEnded(outcome.message)
    }
  }
}
