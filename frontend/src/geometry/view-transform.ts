import { spanning, type Box, type Point } from './box'

/** Quarter turns to the right. */
export type Turns = 0 | 1 | 2 | 3

/** How video px lie on the canvas: turned, scaled, then moved by (x, y), in CSS px. */
export interface View {
  readonly scale: number
  readonly x: number
  readonly y: number
  readonly turns: Turns
}

export const MIN_SCALE = 0.02
export const MAX_SCALE = 64

/** The canvas's x and y axis along the video's: [xx, yx, xy, yy], as in a CSS matrix. */
const AXES = [
  [1, 0, 0, 1],
  [0, 1, -1, 0],
  [-1, 0, 0, -1],
  [0, -1, 1, 0],
] as const

export function videoToView({ scale, x, y, turns }: View, point: Point): Point {
  const [a, b, c, d] = AXES[turns]
  return { x: (a * point.x + c * point.y) * scale + x, y: (b * point.x + d * point.y) * scale + y }
}

export function viewToVideo({ scale, x, y, turns }: View, point: Point): Point {
  return directionInVideo(turns, (point.x - x) / scale, (point.y - y) / scale)
}

/** Where a way across the canvas leads in the video: "left" stays left for the person's eye. */
export function directionInVideo(turns: Turns, dx: number, dy: number): Point {
  const [a, b, c, d] = AXES[turns]
  // Adding 0 makes 0 of -0.
  return { x: a * dx + b * dy + 0, y: c * dx + d * dy + 0 }
}

/** A box of the video on the canvas. */
export function boxInView(view: View, [x1, y1, x2, y2]: Box): Box {
  return spanning(videoToView(view, { x: x1, y: y1 }), videoToView(view, { x: x2, y: y2 }))
}

/** The part of the video behind a canvas of `width` x `height` CSS px. */
export const boxInVideo = (view: View, width: number, height: number): Box =>
  spanning(viewToVideo(view, { x: 0, y: 0 }), viewToVideo(view, { x: width, y: height }))

/** For `CanvasRenderingContext2D.setTransform`: video px to device px, with `ratio` device px per CSS px. */
export function matrixOf(
  { scale, x, y, turns }: View,
  ratio: number,
): [number, number, number, number, number, number] {
  const [a, b, c, d] = AXES[turns]
  const factor = scale * ratio
  return [a * factor, b * factor, c * factor, d * factor, x * ratio, y * ratio]
}

/** Zoom by `factor`; what lies under `at` (view px) stays there. */
export const zoomedAt = (view: View, at: Point, factor: number): View =>
  keeping(view, at, at, { ...view, scale: Math.min(Math.max(view.scale * factor, MIN_SCALE), MAX_SCALE) })

/** Turn by quarters; what lies under `at` (view px) stays there. */
export const turnedAt = (view: View, at: Point, by: 1 | -1): View =>
  keeping(view, at, at, { ...view, turns: ((view.turns + by + 4) % 4) as Turns })

/** Two fingers moved from `before` to `after` (view px): the picture moves and scales with them. */
export function pinched(view: View, before: readonly [Point, Point], after: readonly [Point, Point]): View {
  const factor = apart(after) / Math.max(apart(before), 1)
  const scale = Math.min(Math.max(view.scale * factor, MIN_SCALE), MAX_SCALE)
  return keeping(view, middle(before), middle(after), { ...view, scale })
}

export const panned = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy })

/** Show all of `box` (video px) in the middle of a canvas, with `margin` CSS px around it. */
export function fitted(box: Box, canvasWidth: number, canvasHeight: number, turns: Turns = 0, margin = 12): View {
  const size = { x: Math.max(box[2] - box[0], 1), y: Math.max(box[3] - box[1], 1) }
  const [width, height] = turns % 2 ? [size.y, size.x] : [size.x, size.y]
  const room = { x: Math.max(canvasWidth - 2 * margin, 1), y: Math.max(canvasHeight - 2 * margin, 1) }
  const scale = Math.min(Math.max(Math.min(room.x / width, room.y / height), MIN_SCALE), MAX_SCALE)
  const centre = videoToView({ scale, x: 0, y: 0, turns }, { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 })
  return { scale, x: canvasWidth / 2 - centre.x, y: canvasHeight / 2 - centre.y, turns }
}

const ACROSS: Readonly<Record<string, string>> = {
  'nwse-resize': 'nesw-resize',
  'nesw-resize': 'nwse-resize',
  'ns-resize': 'ew-resize',
  'ew-resize': 'ns-resize',
}

/** A CSS cursor that points along the video's axes, as it has to look on the canvas. */
export const turnedCursor = (cursor: string, turns: Turns): string => (turns % 2 ? (ACROSS[cursor] ?? cursor) : cursor)

/** `changed`, moved so that what lay at `before` in `view` lies at `after`. */
function keeping(view: View, before: Point, after: Point, changed: View): View {
  const now = videoToView(changed, viewToVideo(view, before))
  return { ...changed, x: changed.x + after.x - now.x, y: changed.y + after.y - now.y }
}

const apart = ([a, b]: readonly [Point, Point]) => Math.hypot(a.x - b.x, a.y - b.y)
const middle = ([a, b]: readonly [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
