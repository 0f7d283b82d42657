/** What mask clicks mean: asking, and what came back. Nothing of it is stored before a person accepts it. */
import { signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { fromBase64 } from '@/core/base64'
import { t } from '@/core/text'
import type { Box, Point } from '@/geometry/box'
import type { Geometry } from '@/geometry/kinds'
import type { ClientMessage, SmartAnswer } from '@/protocol/generated'
import { rowAt, unpack } from './chunks'
import type { FrameNumber, TrackId } from './types'

export interface SmartClick extends Point {
  /** On the object, else beside it. */
  readonly positive: boolean
}

export interface SmartQuestion {
  readonly frame: FrameNumber
  /** None, and no box: the frame is only looked at. */
  readonly clicks: readonly SmartClick[]
  readonly box: Box | null
  /** Whose mask on the frame the clicks correct; null: they start afresh. */
  readonly track: TrackId | null
  /** null: the server's default. */
  readonly model: string | null
}

/** `asked`: nothing was heard of it yet. */
export type SmartStage = 'asked' | SmartAnswer['stage']

/** How the newest question stands. */
export interface SmartState {
  readonly question: SmartQuestion
  readonly stage: SmartStage
  /** The newest answer's mask; null: none came, or nothing is left of it. */
  readonly mask: Geometry | null
  /** What the model thinks of it, 0 to 1. */
  readonly score: number
  /** Why it failed. */
  readonly message: string
}

const UNDER_WAY: readonly SmartStage[] = ['fetching', 'looking']
const OVER: readonly SmartStage[] = ['ready', 'answered', 'failed']

export class Smart {
  private readonly newest: Signal<SmartState | null> = signal(null, { name: 'smart' })
  private request = 0

  /** `send` hands a message to the live channel; false when there is no connection. */
  constructor(private readonly send: (message: ClientMessage) => boolean) {}

  get state(): ReadonlySignal<SmartState | null> {
    return this.newest
  }

  /** Ask; what was asked before isn't waited for any more. The mask of before stays until another comes. */
  ask(question: SmartQuestion): void {
    const { value: before } = this.newest
    const { frame, model } = question
    const same = before?.question.frame === frame && before.question.model === model ? before : null
    const mask = question.clicks.length || question.box ? (same?.mask ?? null) : null
    // The frame is looked at for this question too.
    const stage = same && UNDER_WAY.includes(same.stage) ? same.stage : 'asked'
    this.newest.value = { question, stage, mask, score: 0, message: '' }
    this.say(question)
  }

  /** Nothing is waited for, and nothing shown. */
  forget(): void {
    this.newest.value = null
  }

  /** There is a connection again: what wasn't answered is asked once more. */
  resume(): void {
    const { value: state } = this.newest
    if (state && !OVER.includes(state.stage)) this.say(state.question)
  }

  /** An answer; one to an older question is ignored. */
  note(answer: SmartAnswer): void {
    const { value: state } = this.newest
    if (!state || answer.request !== this.request) return
    const { stage, score, message } = answer
    const mask = stage === 'answered' ? maskIn(answer.table) : state.mask
    this.newest.value = { ...state, stage, mask, score, message }
  }

  private say({ frame, clicks, box, track, model }: SmartQuestion): void {
    this.request += 1
    const sent = this.send({
      type: 'smart.clicks',
      request: this.request,
      model,
      frame,
      clicks: clicks.map(({ x, y, positive }) => ({ x, y, positive })),
      box: box && [...box],
      track,
    })
    if (sent || !this.newest.value) return
    const message = t('Clicks are answered by the server, and there is no connection right now.')
    this.newest.value = { ...this.newest.value, stage: 'asked', message }
  }
}

function maskIn(table: string): Geometry | null {
  if (!table) return null
  const { kind, bounds, payload } = rowAt(unpack(fromBase64(table)), 0)
  return { kind, bounds, payload }
}
