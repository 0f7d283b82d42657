/** What every kind of geometry can do. One file per kind beside this one, one line each in index.ts. Pure functions. */
import type { GeometryKind } from '@/protocol/generated'
import type { Box, Point } from '../box'

export type { GeometryKind }

/** One shape's place in px of the frame. `payload`: packed as tracking/shapes/chunks.py says; empty for a box. */
export interface Geometry {
  readonly kind: GeometryKind
  /** What encloses the shape; of a box, the box itself. */
  readonly bounds: Box
  readonly payload: Uint8Array
}

/** A place that can be dragged. */
export interface Grip {
  /** Unique within the shape, e.g. "nw", "vertex:3", "edge:3", "turn". */
  readonly id: string
  readonly at: Point
  /** square: a corner or side · round: a vertex or point · ring: a hidden point · small: a place for a new vertex */
  readonly look: 'square' | 'round' | 'ring' | 'small'
  /** Where a line to it begins; without one it lies on the shape itself. */
  readonly stem?: Point
  /** CSS cursor above it. */
  readonly cursor: string
}

/** How a grip is dragged. */
export interface GripDrag {
  readonly shift: boolean
  readonly alt: boolean
  readonly frame: { readonly width: number; readonly height: number }
}

/** A line in px of the frame. */
export interface Outline {
  readonly points: readonly Point[]
  readonly closed: boolean
}

export interface Kind {
  /** In a sentence: "box", "rotated box". */
  readonly name: string
  /** What is stroked, and filled where it is closed. A kind with a painter of its own (canvas/kinds) may have none. */
  readonly outlines: (shape: Geometry) => readonly Outline[]
  /** Where a selected shape can be dragged. */
  readonly grips: (shape: Geometry) => readonly Grip[]
  /** The shape with a grip at `to`; null where that would make it too small to be one. */
  readonly gripped: (shape: Geometry, grip: string, to: Point, drag: GripDrag) => Geometry | null
  /** What a click on a grip with Alt makes of the shape; null: nothing. */
  readonly toggled?: (shape: Geometry, grip: string) => Geometry | null
  /** The shape without the point of a grip; null: the grip is none, or too few points would stay. */
  readonly without?: (shape: Geometry, grip: string) => Geometry | null
  /** The shape with a further point where a line of it passes within `reach` px of `at`; null: none does. */
  readonly divided?: (shape: Geometry, at: Point, reach: number) => Geometry | null
  readonly moved: (shape: Geometry, dx: number, dy: number) => Geometry
  /** Whether a press at `point` means this shape; `reach`: px around a line that count as on it. */
  readonly contains: (shape: Geometry, point: Point, reach: number) => boolean
  /** px²: of several shapes at a place, a press means the smallest. */
  readonly area: (shape: Geometry) => number
  /** The shape at `share` (0..1) of the way from `before` to `after`, both of this kind (tracking/shapes/interpolation.py does the same). */
  readonly between: (before: Geometry, after: Geometry, share: number) => Geometry
  /** How far two shapes of this kind lie apart: the greatest distance in px between points that correspond. */
  readonly distance: (a: Geometry, b: Geometry) => number
}

export const NO_PAYLOAD = new Uint8Array(0)
/** Shorter sides, in px, are a slip of the hand. */
export const SMALLEST_PX = 2
