import { contains, handlePoint, HANDLES, area, type Handle, type Point } from '@/geometry/box'
import type { ShownShape, TrackId } from '@/store/types'

export type Hit = { readonly on: 'handle'; readonly track: TrackId; readonly handle: Handle } | { readonly on: 'shape'; readonly track: TrackId }

/** CSS px around a handle or an edge that still count as on it. */
export const REACH = 7

/**
 * What lies at `point` (video px): a handle of a selected shape first, then the smallest shape there, so that one inside
 * another can be picked.
 */
export function hitTest(shapes: readonly ShownShape[], selection: ReadonlySet<TrackId>, point: Point, scale: number): Hit | null {
  const reach = REACH / scale
  for (const shape of shapes) {
    if (!selection.has(shape.track.id) || shape.track.locked || shape.kind !== 'box') continue
    const handle = HANDLES.find((name) => near(handlePoint(shape.bounds, name), point, reach))
    if (handle) return { on: 'handle', track: shape.track.id, handle }
  }
  let best: ShownShape | null = null
  for (const shape of shapes) {
    const [x1, y1, x2, y2] = shape.bounds
    if (!contains([x1 - reach / 2, y1 - reach / 2, x2 + reach / 2, y2 + reach / 2], point)) continue
    if (!best || area(shape.bounds) <= area(best.bounds)) best = shape
  }
  return best && { on: 'shape', track: best.track.id }
}

const near = (a: Point, b: Point, reach: number) => Math.abs(a.x - b.x) <= reach && Math.abs(a.y - b.y) <= reach

const CURSORS: Record<Handle, string> = { nw: 'nwse-resize', se: 'nwse-resize', ne: 'nesw-resize', sw: 'nesw-resize', n: 'ns-resize', s: 'ns-resize', e: 'ew-resize', w: 'ew-resize' }

export function cursorOf(hit: Hit | null): string {
  if (!hit) return 'default'
  return hit.on === 'handle' ? CURSORS[hit.handle] : 'move'
}
