/** The ways that objects take over the picture around the current frame, and the keyframes on both sides of it. */
import { signal, type Signal } from '@preact/signals-core'
import type { Point } from '@/geometry/box'
import type { EditorStore } from '@/store/store'
import type { FrameNumber, ShownShape, Track, TrackId } from '@/store/types'
import type { TrajectorySettings } from '@/editor/preferences/trajectories'
import { isPlaced } from '@/editor/time/frame-tags'
import { fromFrame, pathOf, type Path } from './path-of'

/** A place on an object's way. */
export interface PathPlace {
  readonly track: TrackId
  readonly frame: FrameNumber
  /** px of the video */
  readonly at: Point
}

/** The ways that are shown. */
export class Trajectories {
  /** The place that the pointer is at. */
  readonly pointed: Signal<PathPlace | null> = signal(null)
  private readonly paths = new Map<TrackId, { readonly key: string; readonly path: Path }>()

  constructor(
    private readonly store: EditorStore,
    readonly settings: TrajectorySettings,
  ) {}

  /** First and last frame that ways are shown of, around `frame`. */
  stretch(frame: FrameNumber): readonly [first: FrameNumber, last: FrameNumber] {
    return [Math.max(frame - this.settings.back.value, 0), frame + this.settings.ahead.value]
  }

  /** The tracks whose ways are shown around `frame`. */
  tracks(frame: FrameNumber): Track[] {
    if (!this.settings.on.value) return []
    const { queries, records, session } = this.store
    const tracks = this.settings.all.value
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
    const key = `${rows.version} ${from} ${to} ${this.settings.anchor.value}`
    const kept = this.paths.get(track)
    if (kept?.key === key) return kept.path
    if (this.paths.size > MOST_KEPT) this.paths.clear()
    const path = pathOf(rows, from, to, this.settings.anchor.value)
    this.paths.set(track, { key, path })
    return path
  }

  /** Changes with everything that `tracks`, `path` and `neighbours` tell around `frame`. */
  revision(frame: FrameNumber): number {
    const onion = this.settings.onion.value ? [...this.store.session.selection.value] : []
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
    if (!this.settings.onion.value) return []
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
