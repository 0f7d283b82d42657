/** The editor's own record types. Frames are 0-based; boxes are [x1, y1, x2, y2] in px of the display-oriented frame. */

import type { GeometryKind } from '@/geometry/kinds'
import type { TrackOut } from '@/protocol/generated'

/** A UUID, chosen by whoever draws the track first. */
export type TrackId = string
/** 0-based, in display order; whole. */
export type FrameNumber = number
/** x1 <= x2, y1 <= y2; pixel corners lie on whole numbers. */
export type BoxPx = readonly [x1: number, y1: number, x2: number, y2: number]

export type { GeometryKind } from '@/geometry/kinds'
export type {
  AttributeOut as Attribute,
  EditorConfig,
  LabelOut as Label,
  Person,
  RunInfo as Run,
  Skeleton,
} from '@/protocol/generated'

/** `number` is negative until the server has given one. */
export type Track = TrackOut

/** Where a shape on a frame comes from. */
export type Origin = 'keyframe' | 'predicted' | 'interpolated'

/** One stored row of a track. `payload`: the packed geometry of every kind but box (tests/protocol, tracking/shapes/chunks.py). */
export interface Row {
  readonly frame: FrameNumber
  readonly kind: GeometryKind
  readonly keyframe: boolean
  readonly predicted: boolean
  readonly outside: boolean
  readonly occluded: boolean
  /** Below the run's confidence threshold, or marked by a check. */
  readonly doubtful: boolean
  /** 0..1 */
  readonly confidence: number
  readonly bounds: BoxPx
  readonly payload: Uint8Array
}

/** A shape as shown on one frame: a row, or what interpolation makes of its neighbours. Never an outside one. */
export interface ShownShape {
  readonly track: Track
  readonly kind: GeometryKind
  readonly origin: Origin
  readonly occluded: boolean
  readonly doubtful: boolean
  readonly confidence: number
  readonly bounds: BoxPx
  readonly payload: Uint8Array
}

/** One track's state along a stretch of frames, for the timeline. Both ends are part of it. */
export interface Span {
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly kind: 'keyframe' | 'predicted' | 'interpolated' | 'outside'
}
