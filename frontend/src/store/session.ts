import { signal, type Signal } from '@preact/signals-core'
import type { Gone, Held } from '@/protocol/generated'
import type { View } from '@/geometry/view-transform'
import type { FrameNumber, TrackId } from './types'

/** Whether everything is on the server. `held`: it has it, and can't store it for now. `gone`: it takes nothing any more. */
export interface SavedState {
  readonly kind: 'saved' | 'saving' | 'held' | 'offline' | 'gone'
  readonly unsent: number
}

/** Something to tell in passing. `goTo`: where it happened, offered as a link. */
export interface Notice {
  readonly message: string
  readonly tone: 'info' | 'error'
  readonly goTo: FrameNumber | null
  /** What is selected by going there; null: what was selected stays. */
  readonly track: TrackId | null
}

/** What this browser looks at; nothing here is anybody else's business. */
export class Session {
  readonly frame: Signal<FrameNumber>
  readonly playing = signal(false, { name: 'playing' })
  /** In multiples of the video's rate; negative plays backward. */
  readonly speed = signal(1, { name: 'speed' })
  /** Play over and over: the chosen range, or all there is. */
  readonly loop = signal(false, { name: 'loop' })
  readonly selection: Signal<ReadonlySet<TrackId>> = signal(new Set<TrackId>(), { name: 'selection' })
  readonly hovered: Signal<TrackId | null> = signal(null, { name: 'hovered' })
  /** Frames that range operations act on, both ends included; null: none chosen. */
  readonly range: Signal<readonly [first: FrameNumber, last: FrameNumber] | null> = signal(null, { name: 'range' })
  readonly hidden: Signal<ReadonlySet<TrackId>> = signal(new Set<TrackId>(), { name: 'hidden' })
  /** Frames on which single tracks are hidden, both ends included. */
  readonly hiddenOn: Signal<ReadonlyMap<TrackId, readonly (readonly [first: FrameNumber, last: FrameNumber])[]>> =
    signal(new Map(), { name: 'hiddenOn' })
  readonly tool = signal('select', { name: 'tool' })
  readonly view: Signal<View> = signal({ scale: 1, x: 0, y: 0, turns: 0 }, { name: 'view' })
  readonly activeLabel: Signal<number | null> = signal(null, { name: 'activeLabel' })
  readonly saved: Signal<SavedState> = signal({ kind: 'saved', unsent: 0 }, { name: 'saved' })
  readonly connected = signal(false, { name: 'connected' })
  /** Why the server can't store what was done here for now; null: it can. */
  readonly held: Signal<Held['why']> = signal(null, { name: 'held' })
  /** Why it can't store what runs find; null: it can. */
  readonly heldRuns: Signal<Held['why']> = signal(null, { name: 'heldRuns' })
  readonly notice: Signal<Notice | null> = signal(null, { name: 'notice' })
  /** Whether the video was prepared anew, so that this page counts frames that it no longer has. */
  readonly outdated = signal(false, { name: 'outdated' })
  /** Why nothing of this is there for the person any more; null: it is. */
  readonly gone: Signal<Gone | null> = signal(null, { name: 'gone' })
  /** Whether they have taken along what was not saved. */
  readonly tookUnsent = signal(false, { name: 'tookUnsent' })

  constructor(frame: FrameNumber) {
    this.frame = signal(frame, { name: 'frame' })
  }

  /** These, and no others. */
  select(...tracks: TrackId[]): void {
    this.selection.value = new Set(tracks)
  }

  toggleSelected(track: TrackId): void {
    const selection = new Set(this.selection.value)
    if (!selection.delete(track)) selection.add(track)
    this.selection.value = selection
  }

  /** Hide them; where all of them are hidden already, show them. */
  toggleHidden(...tracks: TrackId[]): void {
    const hidden = new Set(this.hidden.value)
    const hide = tracks.some((track) => !hidden.has(track))
    for (const track of tracks) {
      if (hide) hidden.add(track)
      else hidden.delete(track)
    }
    this.hidden.value = hidden
  }

  /** Whether the person hid a track, everywhere or on this frame. */
  isHidden(track: TrackId, frame: FrameNumber): boolean {
    return (
      this.hidden.value.has(track) ||
      (this.hiddenOn.value.get(track)?.some(([first, last]) => frame >= first && frame <= last) ?? false)
    )
  }

  /** Hide tracks on first..last only; where all of them are hidden on some frame of it, show them there again. */
  toggleHiddenOn(tracks: readonly TrackId[], first: FrameNumber, last: FrameNumber): void {
    const hidden = new Map(this.hiddenOn.value)
    const touched = (track: TrackId) => hidden.get(track)?.some(([from, to]) => from <= last && to >= first) ?? false
    const show = tracks.every(touched)
    for (const track of tracks) {
      const others = (hidden.get(track) ?? []).filter(([from, to]) => from > last || to < first)
      hidden.set(track, show ? others : [...others, [first, last]])
    }
    this.hiddenOn.value = hidden
  }

  /** A notice over the picture, in place of the one before; `goTo`: a frame that it offers to go to, and `track` to
   * select there. */
  tell(
    message: string,
    tone: Notice['tone'] = 'info',
    goTo: FrameNumber | null = null,
    track: TrackId | null = null,
  ): void {
    // Whatever fails then fails because of that, which is said already.
    if (this.gone.value && tone === 'error') return
    this.notice.value = { message, tone, goTo, track }
  }
}
