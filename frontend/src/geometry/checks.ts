/**
 * Whether geometry is sound, by its kind and by the picture's size: the same as tracking/shapes/checks.py, which says why.
 * `tests/protocol/geometry.json` holds both to it.
 */
import { LEAST_MARGIN_PX, MOST_ANGLE, MOST_POINTS, SHAPE_BYTES } from '@/protocol/generated'
import type { Box } from './box'
import type { Geometry } from './kinds/kind'
import { ofPoints, pointsOf } from './kinds/point-list'
import { rotatedBox, rotatedBoxOf } from './kinds/rotated-box'
import { ofVertices, verticesOf } from './kinds/vertex-list'

export type Rule = 'order' | 'far' | 'length' | 'points' | 'numbers' | 'seen' | 'angle' | 'window' | 'runs' | 'bounds'

/** A video's size in px. */
export interface Picture {
  readonly width: number
  readonly height: number
}

/** By how much a shape's bounds may differ from what encloses it, in px: numbers are rounded on the way. */
const BOUNDS_PX = 1

/** By payload: rows are looked at again whenever they are drawn. What encloses a shape whose payload is sound. */
const known = new WeakMap<Uint8Array, Rule | Box>()

/** The rule that a shape breaks; null: it is sound. */
export function brokenRule({ kind, bounds, payload }: Geometry, picture: Picture): Rule | null {
  const [x1, y1, x2, y2] = bounds
  if (!(x1 <= x2 && y1 <= y2)) return 'order'
  const near = nearnessTo(picture)
  if (!near(x1, y1) || !near(x2, y2)) return 'far'
  if (kind === 'box' || kind === 'tag') return payload.byteLength ? 'length' : null
  let found = known.get(payload)
  if (found === undefined) {
    found = ruleOfPayload(kind, payload, picture, near) ?? enclosing({ kind, bounds, payload })
    known.set(payload, found)
  }
  if (typeof found === 'string') return found
  return found.every((value, side) => Math.abs(value - bounds[side]!) <= BOUNDS_PX) ? null : 'bounds'
}

/** What encloses a shape whose payload is sound. */
function enclosing(shape: Geometry): Box {
  switch (shape.kind) {
    case 'rotated_box':
      return rotatedBox(rotatedBoxOf(shape)).bounds
    case 'polygon':
    case 'polyline':
      return ofVertices(shape.kind, verticesOf(shape)).bounds
    case 'points':
    case 'skeleton':
      return ofPoints(shape.kind, pointsOf(shape)).bounds
    case 'mask':
      return windowBounds(shape)
    case 'box':
    case 'tag':
      return shape.bounds
  }
}

function windowBounds({ payload }: Geometry): Box {
  const view = new DataView(payload.buffer, payload.byteOffset, 16)
  const [left, top, width, height] = [0, 4, 8, 12].map((at) => view.getInt32(at, true)) as [
    number,
    number,
    number,
    number,
  ]
  return [left, top, left + width, top + height]
}

type Near = (x: number, y: number) => boolean

function nearnessTo({ width, height }: Picture): Near {
  const margin = Math.max(width, height, LEAST_MARGIN_PX)
  return (x, y) => x >= -margin && y >= -margin && x <= width + margin && y <= height + margin
}

function ruleOfPayload(kind: Geometry['kind'], payload: Uint8Array, picture: Picture, near: Near): Rule | null {
  const length = payload.byteLength
  if (length > SHAPE_BYTES) return 'length'
  const view = new DataView(payload.buffer, payload.byteOffset, length)
  const count = Math.floor(length / 9)
  switch (kind) {
    case 'rotated_box':
      return length === 20 ? ruleOfRotated(view, picture, near) : 'length'
    case 'polygon':
    case 'polyline':
      if (length < (kind === 'polygon' ? 24 : 16) || length % 8) return 'length'
      return ruleOfPoints(view, length / 8, near)
    case 'points':
    case 'skeleton':
      if (!count || 9 * count + ((4 - ((9 * count) % 4)) % 4) !== length) return 'length'
      return ruleOfPoints(view, count, near) ?? ruleOfSeen(payload.subarray(8 * count, 9 * count))
    case 'mask':
      return ruleOfMask(view, picture, near)
    case 'box':
    case 'tag':
      return null
  }
}

function ruleOfPoints(view: DataView, count: number, near: Near): Rule | null {
  if (count > MOST_POINTS) return 'points'
  let isNear = true
  for (let at = 0; at < 8 * count; at += 8) {
    const [x, y] = [view.getFloat32(at, true), view.getFloat32(at + 4, true)]
    if (!Number.isFinite(x) || !Number.isFinite(y)) return 'numbers'
    isNear &&= near(x, y)
  }
  return isNear ? null : 'far'
}

const ruleOfSeen = (seen: Uint8Array): Rule | null => (seen.every((value) => value <= 2) ? null : 'seen')

function ruleOfRotated(view: DataView, { width, height }: Picture, near: Near): Rule | null {
  const [x, y, w, h, angle] = [0, 4, 8, 12, 16].map((at) => view.getFloat32(at, true)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (![x, y, w, h, angle].every(Number.isFinite)) return 'numbers'
  if (!near(x, y)) return 'far'
  const margin = Math.max(width, height, LEAST_MARGIN_PX)
  const longest = Math.hypot(width + 2 * margin, height + 2 * margin)
  if (Math.min(w, h) < 0 || Math.max(w, h) > longest) return 'far'
  return Math.abs(angle) > MOST_ANGLE ? 'angle' : null
}

function ruleOfMask(view: DataView, picture: Picture, near: Near): Rule | null {
  if (view.byteLength < 20 || view.byteLength % 4) return 'length'
  const [left, top, width, height] = [0, 4, 8, 12].map((at) => view.getInt32(at, true)) as [
    number,
    number,
    number,
    number,
  ]
  if (width <= 0 || height <= 0 || width > picture.width || height > picture.height) return 'window'
  if (!near(left, top) || !near(left + width, top + height)) return 'far'
  const runs = (view.byteLength - 16) / 4
  let sum = 0
  for (let at = 16; at < view.byteLength; at += 4) sum += view.getUint32(at, true)
  return sum !== width * height || runs > width * height + 1 ? 'runs' : null
}
