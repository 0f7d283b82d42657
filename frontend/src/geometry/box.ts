/** Boxes [x1, y1, x2, y2] in px. Pure functions. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number]
export interface Point {
  readonly x: number
  readonly y: number
}
export type Handle = 'nw' | 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w'
export const HANDLES: readonly Handle[] = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w']

export const width = (box: Box) => box[2] - box[0]
export const height = (box: Box) => box[3] - box[1]
export const area = (box: Box) => Math.max(0, width(box)) * Math.max(0, height(box))
export const centre = (box: Box): Point => ({ x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 })

/** The box between two opposite corners, in any order. */
export function spanning(a: Point, b: Point): Box {
  return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x), Math.max(a.y, b.y)]
}

/** The box around two. */
export const united = (a: Box, b: Box): Box => [
  Math.min(a[0], b[0]),
  Math.min(a[1], b[1]),
  Math.max(a[2], b[2]),
  Math.max(a[3], b[3]),
]

export const moved = (box: Box, dx: number, dy: number): Box => [box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy]

/** Move as far as the frame allows; a box larger than the frame stays where it is on that axis. */
export function movedWithin(box: Box, dx: number, dy: number, frameWidth: number, frameHeight: number): Box {
  return moved(box, limited(dx, -box[0], frameWidth - box[2]), limited(dy, -box[1], frameHeight - box[3]))
}

function limited(by: number, least: number, most: number): number {
  return least > most ? 0 : Math.min(Math.max(by, least), most)
}

/** The part inside the frame. */
export function clipped(box: Box, frameWidth: number, frameHeight: number): Box {
  const x = (value: number) => Math.min(Math.max(value, 0), frameWidth)
  const y = (value: number) => Math.min(Math.max(value, 0), frameHeight)
  return [x(box[0]), y(box[1]), x(box[2]), y(box[3])]
}

/** Drag a handle to a place; dragging past the opposite side turns the box over. `square` keeps width = height. */
export function resized(box: Box, handle: Handle, to: Point, square = false): Box {
  let [x1, y1, x2, y2] = box
  if (handle.includes('w')) x1 = to.x
  if (handle.includes('e')) x2 = to.x
  if (handle.includes('n')) y1 = to.y
  if (handle.includes('s')) y2 = to.y
  if (square && handle.length === 2) {
    const side = Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1))
    if (handle.includes('w')) x1 = x2 - side * (Math.sign(x2 - x1) || 1)
    else x2 = x1 + side * (Math.sign(x2 - x1) || 1)
    if (handle.includes('n')) y1 = y2 - side * (Math.sign(y2 - y1) || 1)
    else y2 = y1 + side * (Math.sign(y2 - y1) || 1)
  }
  return spanning({ x: x1, y: y1 }, { x: x2, y: y2 })
}

export function handlePoint(box: Box, handle: Handle): Point {
  const middle = centre(box)
  return {
    x: handle.includes('w') ? box[0] : handle.includes('e') ? box[2] : middle.x,
    y: handle.includes('n') ? box[1] : handle.includes('s') ? box[3] : middle.y,
  }
}

export const contains = (box: Box, point: Point) =>
  point.x >= box[0] && point.x <= box[2] && point.y >= box[1] && point.y <= box[3]

export const intersects = (a: Box, b: Box) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]

/** The box at `share` (0..1) of the way from one to the other. */
export function between(a: Box, b: Box, share: number): Box {
  const mix = (from: number, to: number) => from + (to - from) * share
  return [mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2]), mix(a[3], b[3])]
}
