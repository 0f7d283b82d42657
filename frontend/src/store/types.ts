/** The editor's own record types. Frames are 0-based; boxes are [x1, y1, x2, y2] in px of the display-oriented frame. */

import type { GeometryKind } from '@/geometry/kinds'

export type TrackId = string
export type FrameNumber = number
export type BoxPx = readonly [x1: number, y1: number, x2: number, y2: number]

export type { GeometryKind } from '@/geometry/kinds'

export interface Attribute {
  readonly id: number
  readonly name: string
  readonly kind: 'select' | 'multi_select' | 'checkbox' | 'number' | 'text'
  readonly perFrame: boolean
  readonly choices: readonly string[]
  readonly default: unknown
}

/** A template; `x`, `y` are shares of a drawn box, edges are pairs of positions in `joints`. */
export interface Skeleton {
  readonly joints: readonly { readonly name: string; readonly x: number; readonly y: number }[]
  readonly edges: readonly (readonly [number, number])[]
}

export interface Label {
  readonly id: number
  readonly name: string
  /** #rrggbb */
  readonly colour: string
  /** One digit or letter; empty: none. */
  readonly hotkey: string
  readonly geometryKinds: readonly GeometryKind[]
  /** What its skeletons consist of. */
  readonly skeleton: Skeleton | null
  readonly attributes: readonly Attribute[]
}

export interface Track {
  readonly id: TrackId
  /** Unique in the layer; provisional (negative) until the server has given one. */
  readonly number: number
  readonly label: number
  /** #rrggbb; empty: the label's. */
  readonly colour: string
  readonly locked: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  readonly frameAttributes: Readonly<Record<string, readonly (readonly [FrameNumber, unknown])[]>>
  readonly source: string
  readonly verdict: '' | 'accepted' | 'rejected'
  readonly deleted: boolean
}

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

export interface Run {
  readonly id: string
  readonly model: string
  readonly state: 'queued' | 'running' | 'done' | 'stopped' | 'failed'
  readonly direction: 'forward' | 'backward' | 'both'
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly tracks: readonly TrackId[]
  readonly framesDone: number
  readonly framesTotal: number
  /** Runs that come before it while it waits; null: it is under way. */
  readonly ahead: number | null
  /** About how many seconds until a waiting run is done; null: not known. */
  readonly waitS: number | null
  /** For so many seconds its agent should have got on with it and hasn't; null: it gets on. */
  readonly stalledS: number | null
  /** All objects came to their end, and are tracked back to be compared. */
  readonly checking: boolean
  /** Of the frames that corrections took away, `stale`, those that were tracked again. */
  readonly redone: number
  readonly stale: number
  readonly fps: number
  readonly heads: Readonly<Record<TrackId, FrameNumber>>
  /** On which frame a track left the picture or was lost. */
  readonly left: Readonly<Record<TrackId, FrameNumber>>
  readonly agent: string
  readonly message: string
  readonly createdBy: string
  readonly mine: boolean
}

export interface Person {
  readonly connection: string
  readonly user: number
  readonly name: string
  readonly colour: string
  readonly frame: FrameNumber
  readonly tracks: readonly TrackId[]
}

/** What the page knows when it opens (templates/editor.html writes it as JSON, api/editor.py builds it). */
export interface EditorConfig {
  readonly video: {
    readonly id: number
    readonly name: string
    readonly width: number
    readonly height: number
    readonly frameCount: number
    readonly fps: number
    /** Of the proxy when the page was made; see VideoOut. */
    readonly proxyState: 'waiting' | 'making' | 'ready' | 'unneeded' | 'failed'
    /** The short-GOP proxy, once it is ready: frame N is its N-th picture. */
    readonly proxyUrl: string
    /** Template with {frame}: a picture of one frame, for browsers without WebCodecs. */
    readonly frameUrl: string
    readonly strip: {
      readonly url: string
      readonly count: number
      readonly columns: number
      readonly tileWidth: number
      readonly tileHeight: number
      readonly every: number
    } | null
  }
  readonly layer: { readonly id: number; readonly name: string }
  readonly job: {
    readonly id: number
    readonly first: FrameNumber
    readonly last: FrameNumber
    readonly stage: string
    readonly state: string
  } | null
  readonly labels: readonly Label[]
  readonly user: { readonly id: number; readonly name: string }
  readonly canEdit: boolean
  /** Whether this person may bring back an earlier state of the whole layer. */
  readonly canManage: boolean
  readonly editableRanges: readonly (readonly [FrameNumber, FrameNumber])[]
  readonly models: readonly {
    readonly id: string
    readonly name: string
    readonly prompts: readonly string[]
    readonly available: boolean
    readonly why: string
    /** What a run may set of it, with what it is otherwise. */
    readonly settings: Readonly<Record<string, string | number | boolean>>
  }[]
  readonly preferences: Readonly<Record<string, unknown>>
  readonly urls: { readonly live: string; readonly api: string; readonly project: string }
  readonly csrfToken: string
}
