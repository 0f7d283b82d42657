/** Tracking runs of the layer: asking for them, and how they stand. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import { uuid } from '@/core/ids'
import { t } from '@/core/text'
import type { Box } from '@/geometry/box'
import type { ClientMessage, RunInfo, RunOptions } from '@/protocol/generated'
import type { Session } from './session'
import type { SmartClick } from './smart'
import type { FrameNumber, Run, TrackId } from './types'

export interface RunPrompt {
  readonly track: TrackId
  readonly frame: FrameNumber
  /** What a mask came of; null: that isn't known. */
  readonly clicked?: Clicked | null
}

export interface Clicked {
  readonly clicks: readonly SmartClick[]
  /** Around the object; null: none was drawn. */
  readonly box: Box | null
  /** The mask came of these alone, not of another mask before. */
  readonly alone: boolean
}

/** Clicks with the very mask that they made, as it is packed. */
export type StoredClicks = Clicked & { readonly payload: Uint8Array }

/** What a run is asked for with; frames first..last bound it, both included. */
export interface RunRequest {
  readonly model: string | null
  /** The only machine that it may go to; absent: the best one. */
  readonly machine?: number
  /** What is followed, by name: the server knows what is shown there. */
  readonly prompts: readonly RunPrompt[]
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly direction: Run['direction']
  readonly options?: RunOptions
  /** Of the model, by its names. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
}

export class Runs {
  readonly all: Signal<ReadonlyMap<string, Run>> = signal(new Map<string, Run>(), { name: 'runs' })
  /** Tracks that a run follows, as one value that changes only with them: runs tell of their progress many times a second. */
  readonly followed: ReadonlySignal<string> = computed(() =>
    this.active()
      .flatMap((run) => run.tracks)
      .sort()
      .join(' '),
  )

  /** Runs that were asked for, and of which the server has said nothing yet, with the tracks they would follow. */
  private readonly asked = signal<ReadonlyMap<string, readonly TrackId[]>>(new Map(), { name: 'runs asked for' })

  /** `send` hands a message to the live channel; false when there is no connection. */
  constructor(
    private readonly send: (message: ClientMessage) => boolean,
    private readonly session: Session,
  ) {}

  /** Runs that are not over. */
  active(): Run[] {
    return [...this.all.value.values()].filter(isActive)
  }

  /** The run that follows a track now; null when none does. */
  of(track: TrackId): Run | null {
    return this.active().find((run) => run.tracks.includes(track)) ?? null
  }

  /** Whether everything that was asked for is known, and nothing goes on. */
  atRest(): boolean {
    return !this.asked.value.size && !this.active().length
  }

  /** Whether a run follows a track, or was asked to. */
  takes(track: TrackId): boolean {
    return this.of(track) !== null || [...this.asked.value.values()].some((tracks) => tracks.includes(track))
  }

  // ------------------------------------------------------------------ asking

  /** Ask for a run; it is among `all` when the server has it. Returns its id, or null without a connection. */
  start(request: RunRequest): string | null {
    const id = uuid()
    const message: ClientMessage = {
      type: 'run.start',
      id,
      model: request.model,
      prompts: request.prompts.map(({ track, frame, clicked }) => ({
        track,
        frame,
        ...(clicked && { clicked: toSend(clicked) }),
      })),
      first: request.first,
      last: request.last,
      direction: request.direction,
      ...(request.options && { options: request.options }),
      ...(request.settings && { settings: request.settings }),
      ...(request.machine !== undefined && { machine: request.machine }),
    }
    if (this.send(message)) {
      const tracks = request.prompts.map(({ track }) => track)
      this.asked.value = new Map(this.asked.value).set(id, tracks)
      return id
    }
    this.session.tell(t('Tracking needs the server, and there is no connection right now.'), 'error')
    return null
  }

  /** What a track shows on a frame is right: its run goes on from there. */
  correct(run: string, { track, frame, clicked }: RunPrompt): void {
    this.send({ type: 'run.correct', run, track, frame, ...(clicked && { clicked: toSend(clicked) }) })
  }

  /** Let a run's frames be first..last. */
  extend(run: string, first: FrameNumber, last: FrameNumber): void {
    this.send({ type: 'run.extend', run, first, last })
  }

  /** Stop a run, or only following `tracks` in it. */
  stop(run: string, tracks: readonly TrackId[] | null = null): void {
    this.send({ type: 'run.stop', run, tracks: tracks && [...tracks] })
  }

  /** Let no run follow a track any more. */
  release(track: TrackId): void {
    const run = this.of(track)
    if (run) this.stop(run.id, [track])
  }

  /** Take a run that is over off the list. */
  dismiss(run: string): void {
    const rest = new Map(this.all.value)
    rest.delete(run)
    this.all.value = rest
  }

  /** Nothing goes on any more; `message` says why. */
  end(message: string): void {
    this.asked.value = new Map()
    const ended = [...this.all.value].map(([id, run]): [string, Run] => [
      id,
      isActive(run) ? { ...run, state: 'stopped', ahead: null, message } : run,
    ])
    this.all.value = new Map(ended)
  }

  // ------------------------------------------------------------------ what the server says

  /** These are all runs of the layer. */
  reset(infos: readonly RunInfo[]): void {
    this.asked.value = new Map()
    this.all.value = new Map(infos.map((info) => [info.id, info]))
  }

  /** Learn how a run stands, and tell why one has failed. Returns whether it is over. */
  note(info: RunInfo): boolean {
    this.answered(info.id)
    const before = this.all.value.get(info.id)
    const run = { ...info, mine: info.mine || (before?.mine ?? false) }
    this.all.value = new Map(this.all.value).set(info.id, run)
    if (info.state === 'failed' && before?.state !== 'failed') this.session.tell(info.message, 'error')
    return !isActive(run)
  }

  /** The server has a run, or won't have it. */
  answered(run: string): void {
    if (!this.asked.value.has(run)) return
    const rest = new Map(this.asked.value)
    rest.delete(run)
    this.asked.value = rest
  }
}

const toSend = ({ clicks, box }: Clicked) => ({ clicks: clicks.map((each) => ({ ...each })), box })

const isActive = ({ state }: Run) => state === 'queued' || state === 'running'
