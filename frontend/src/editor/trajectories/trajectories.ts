/** The ways that objects take over the picture around the current frame, and the keyframes on both sides of it. */
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { Point } from '@/geometry/box'
import type { EditorStore } from '@/store/store'
import type { FrameNumber, ShownShape, Track, TrackId } from '@/store/types'
import { isPlaced } from '@/editor/time/frame-tags'
import { fromFrame, pathOf, type Anchor, type Path } from './path-of'

export const LONGEST = 500
export const FARTHEST_JUMP_PX = 2000

/** A place on an object's way. */
export interface PathPlace {
  readonly track: TrackId
  readonly frame: FrameNumber
  /** px of the video */
  readonly at: Point
}

/** How ways are shown; kept per person. */
export class Trajectories {
  readonly on: Signal<boolean>
  /** Of every visible object, or of the selected ones. */
  readonly all: Signal<boolean>
  /** Frames before the current one. */
  readonly back: Signal<number>
  /** Frames after it. */
  readonly ahead: Signal<number>
  readonly anchor: Signal<Anchor>
  /** Moving farther than so many px from one frame to the next is marked: an object hardly does, a mixed-up one does. */
  readonly jump: Signal<number>
  /** The selected objects as they are on the keyframes on both sides of the current frame. */
  readonly onion: Signal<boolean>
  /** The place that the pointer is at. */
  readonly pointed: Signal<PathPlace | null> = signal(null)
  /** All that is kept, for who draws. */
  readonly settings: ReadonlySignal<StoredTrajectories> = computed(() => this.toJSON())
  private readonly paths = new Map<TrackId, { readonly key: string; readonly path: Path }>()

  constructor(
    private readonly store: EditorStore,
    stored: Partial<StoredTrajectories> = {},
  ) {
    this.on = signal(stored.on ?? false)
    this.all = signal(stored.all ?? false)
    this.back = signal(within(stored.back, 0, LONGEST, 50))
    this.ahead = signal(within(stored.ahead, 0, LONGEST, 50))
    this.anchor = signal(stored.anchor === 'bottom' ? 'bottom' : 'centre')
    this.jump = signal(within(stored.jump, 1, FARTHEST_JUMP_PX, 60))
    this.onion = signal(stored.onion ?? false)
  }

  toJSON(): StoredTrajectories {
    const { on, all, back, ahead, anchor, jump, onion } = this
    return {
      on: on.value,
      all: all.value,
      back: back.value,
      ahead: ahead.value,
      anchor: anchor.value,
      jump: jump.value,
      onion: onion.value,
    }
  }

  /** First and last frame that ways are shown of, around `frame`. */
  stretch(frame: FrameNumber): readonly [first: FrameNumber, last: FrameNumber] {
    return [Math.max(frame - this.back.value, 0), frame + this.ahead.value]
  }

  /** The tracks whose ways are shown around `frame`. */
  tracks(frame: FrameNumber): Track[] {
    if (!this.on.value) return []
    const { queries, records, session } = this.store
    const tracks = this.all.value
      ? queries.tracksWithin(...this.stretch(frame))
      : [...session.selection.value].map((id) => records.track(id))
    return tracks
      .filter((track) => track !== null)
      .filter((track) => !track.deleted && !session.isHidden(track.id, frame))
  }

  /** A track's way, at least from first to last; kept until its rows change. */
  path(track: TrackId, first: FrameNumber, last: FrameNumber): Path {
    const rows = this.store.records.rows(track)
    const [from, to] = [fromFrame(first), fromFrame(last) + STEP - 1]
    const key = `${rows.version} ${from} ${to} ${this.anchor.value}`
    const kept = this.paths.get(track)
    if (kept?.key === key) return kept.path
    if (this.paths.size > MOST_KEPT) this.paths.clear()
    const path = pathOf(rows, from, to, this.anchor.value)
    this.paths.set(track, { key, path })
    return path
  }

  /** Changes with everything that `tracks`, `path` and `neighbours` tell around `frame`. */
  revision(frame: FrameNumber): number {
    const onion = this.onion.value ? [...this.store.session.selection.value] : []
    const shown = [...this.tracks(frame).map(({ id }) => id), ...onion]
    return shown.reduce((sum, id) => sum + this.store.records.rows(id).version + 1, 0)
  }

  /** The place of a shown way nearest to `point`, within `reach` px of the video; null without one. */
  placeAt(point: Point, reach: number): PathPlace | null {
    const frame = this.store.session.frame.value
    const [first, last] = this.stretch(frame)
    let best: PathPlace | null = null
    let least = reach
    for (const { id } of this.tracks(frame)) {
      this.path(id, first, last).places(first, last, (at, atFrame) => {
        const far = Math.max(Math.abs(at.x - point.x), Math.abs(at.y - point.y))
        if (far >= least || atFrame === frame) return
        least = far
        best = { track: id, frame: atFrame, at }
      })
    }
    return best
  }

  /** The pointer is at a place of a shown way, or at none. */
  point(place: PathPlace | null): void {
    const before = this.pointed.value
    if (place?.track !== before?.track || place?.frame !== before?.frame) this.pointed.value = place
  }

  /** The selected objects on the keyframes before and after `frame`, each with its frame. */
  neighbours(frame: FrameNumber): { readonly frame: FrameNumber; readonly shape: ShownShape }[] {
    if (!this.onion.value) return []
    const { queries, session } = this.store
    const found: { frame: FrameNumber; shape: ShownShape }[] = []
    for (const id of session.selection.value) {
      if (session.isHidden(id, frame)) continue
      for (const other of [queries.previousKeyframe([id], frame), queries.nextKeyframe([id], frame)]) {
        const shape = other === null ? null : queries.shapeAt(id, other)
        if (shape && isPlaced(shape)) found.push({ frame: other!, shape })
      }
    }
    return found
  }
}

/** Ways are worked out for so many frames at a time, so that stepping on needs no new ones. */
const STEP = 256
const MOST_KEPT = 6000

const within = (value: unknown, least: number, most: number, otherwise: number) =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(Math.round(value), least), most) : otherwise

export interface StoredTrajectories {
  readonly on: boolean
  readonly all: boolean
  readonly back: number
  readonly ahead: number
  readonly anchor: Anchor
  readonly jump: number
  readonly onion: boolean
}
