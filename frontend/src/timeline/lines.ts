/** The lines of the timeline, all of one height: a track, and where it is open one per attribute that changes. Pure. */
import { mapSteps, type FrameAttributes, type Steps } from '@/store/steps'
import type { Attribute, EditorConfig, FrameNumber, Track, TrackId } from '@/store/types'

export interface Line {
  readonly track: Track
  /** Null: the track itself. */
  readonly attribute: Attribute | null
}

/** A stretch of frames with one value. `index`: its place among the changes; -1: the default before the first. */
export interface ValueRange {
  readonly index: number
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly value: unknown
}

/** Per-frame attributes by label. */
export function changingAttributes(config: EditorConfig): ReadonlyMap<number, readonly Attribute[]> {
  return new Map(
    config.labels.map(({ id, attributes }) => [id, attributes.filter(({ per_frame: perFrame }) => perFrame)]),
  )
}

export function linesOf(
  tracks: readonly Track[],
  open: ReadonlySet<TrackId>,
  attributes: ReadonlyMap<number, readonly Attribute[]>,
): Line[] {
  const lines: Line[] = []
  for (const track of tracks) {
    lines.push({ track, attribute: null })
    if (open.has(track.id)) for (const attribute of attributes.get(track.label) ?? []) lines.push({ track, attribute })
  }
  return lines
}

/** An attribute's values over the extent of its track, each valid until the next. */
export function valueRanges(
  track: Track,
  attribute: Attribute,
  extent: readonly [FrameNumber, FrameNumber],
): ValueRange[] {
  const changes = track.frame_attributes[attribute.id] ?? []
  const [first, last] = extent
  const ranges = [[-Infinity, attribute.default] as const, ...changes].map(([frame, value], at) => ({
    index: at - 1,
    first: Math.max(frame, first),
    last: Math.min((changes[at]?.[0] ?? Infinity) - 1, last),
    value,
  }))
  return ranges.filter((range) => range.first <= range.last)
}

/** The changes of an attribute with one of them at another frame. */
export function withChangeAt(track: Track, attribute: Attribute, index: number, frame: FrameNumber): FrameAttributes {
  const moved = (steps: Steps) => steps.map(([at, value], place) => [place === index ? frame : at, value] as const)
  return mapSteps(track.frame_attributes, (steps, id) => (id === String(attribute.id) ? moved(steps) : steps))
}
