/** What helps to point: a grid on the picture, lines through the pointer, and the pixels around it enlarged. */
import type { Editor } from '@/editor/editor'
import type { Clicks } from '@/editor/masks/clicks'
import type { PointerAt } from '@/editor/tool'
import { boxInVideo, boxInView, matrixOf, videoToView, type View } from '@/geometry/view-transform'
import { intersects, type Box, type Point } from '@/geometry/box'
import { paint } from './kinds'
import { lookOf } from './shapes'

/** CSS px */
const MAGNIFIER_PX = 168
const GAP_PX = 28
/** How much larger than on the canvas, and at least so many CSS px per pixel of the video. */
const ENLARGED = 4
const LEAST_SCALE = 6
const MOST_SCALE = 48
/** Lines of the grid closer than this would cover the picture; between pixels likewise. CSS px. */
const CLOSEST_PX = 5

/** Of the smart tool's points. */
const POINT_PX = 7

export interface Scene {
  readonly width: number
  readonly height: number
  /** Device px per CSS px. */
  readonly ratio: number
  readonly pointer: PointerAt | null
  readonly picture: CanvasImageSource | null
  readonly frame: number
}

export function drawAids(context: CanvasRenderingContext2D, editor: Editor, scene: Scene): void {
  const { viewOptions: options, session, machine } = editor
  const view = session.view.value
  context.setTransform(scene.ratio, 0, 0, scene.ratio, 0, 0)
  context.clearRect(0, 0, scene.width, scene.height)
  if (options.grid.value) drawGrid(context, view, frameOf(editor), options.gridStep.value, scene)
  const clicks = editor.clicks.value ?? editor.keptClicks.value
  if (clicks?.frame === scene.frame) drawClicks(context, view, clicks)
  if (scene.pointer && machine.handler.tip) drawTip(context, editor, scene.pointer)
  if (!scene.pointer || !machine.handler.precise) return
  if (options.crosshair.value) drawCrosshair(context, scene.pointer.view, scene)
  if (options.magnifier.value) drawMagnifier(context, editor, scene, scene.pointer)
}

const frameOf = ({ config: { video } }: Editor): Box => [0, 0, video.width, video.height]

/** Lines every `step` px of the video, over the part of the frame that is to be seen. */
function drawGrid(
  context: CanvasRenderingContext2D,
  view: View,
  frame: Box,
  step: number,
  { width, height }: Scene,
): void {
  if (step * view.scale < CLOSEST_PX) return
  context.save()
  traceGrid(context, view, within(boxInVideo(view, width, height), frame), step)
  strokeTwice(context, 'rgb(0 0 0 / 18%)', 'rgb(255 255 255 / 45%)')
  context.restore()
}

function traceGrid(context: CanvasRenderingContext2D, view: View, [x1, y1, x2, y2]: Box, step: number): void {
  context.beginPath()
  for (let x = Math.ceil(x1 / step) * step; x <= x2; x += step)
    line(context, videoToView(view, { x, y: y1 }), videoToView(view, { x, y: y2 }))
  for (let y = Math.ceil(y1 / step) * step; y <= y2; y += step)
    line(context, videoToView(view, { x: x1, y }), videoToView(view, { x: x2, y }))
}

/** The smart tool's points, a plus on the object and a minus beside it, and its box. */
function drawClicks(context: CanvasRenderingContext2D, view: View, { points, box }: Clicks): void {
  context.save()
  if (box) {
    const [x1, y1, x2, y2] = boxInView(view, box)
    context.beginPath()
    context.rect(x1, y1, x2 - x1, y2 - y1)
    context.setLineDash([6, 4])
    strokeTwice(context, 'rgb(0 0 0 / 60%)', 'rgb(255 255 255 / 95%)')
    context.setLineDash([])
  }
  for (const point of points) drawPoint(context, videoToView(view, point), point.positive)
  context.restore()
}

function drawPoint(context: CanvasRenderingContext2D, { x, y }: Point, positive: boolean): void {
  const arm = POINT_PX * 0.55
  context.beginPath()
  context.arc(x, y, POINT_PX, 0, 2 * Math.PI)
  context.fillStyle = positive ? '#0b7a3e' : '#c0262d'
  context.fill()
  context.lineWidth = 1.5
  context.strokeStyle = '#fff'
  context.stroke()
  context.beginPath()
  context.moveTo(x - arm, y)
  context.lineTo(x + arm, y)
  if (positive) {
    context.moveTo(x, y - arm)
    context.lineTo(x, y + arm)
  }
  context.lineWidth = 2
  context.stroke()
}

/** What the brush would touch; dashed where it takes away. */
function drawTip(
  context: CanvasRenderingContext2D,
  { brush, session }: Editor,
  { view: { x, y }, alt }: PointerAt,
): void {
  const radius = Math.max((brush.size.value / 2) * session.view.value.scale, 1)
  context.save()
  context.beginPath()
  if (brush.square.value) context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
  else context.arc(x, y, radius, 0, 2 * Math.PI)
  if (brush.erases.value !== alt) context.setLineDash([5, 4])
  strokeTwice(context, 'rgb(0 0 0 / 60%)', 'rgb(255 255 255 / 95%)')
  context.restore()
}

function drawCrosshair(context: CanvasRenderingContext2D, { x, y }: Point, { width, height }: Scene): void {
  context.save()
  context.beginPath()
  line(context, { x: 0, y: y }, { x: width, y: y })
  line(context, { x: x, y: 0 }, { x: x, y: height })
  strokeTwice(context, 'rgb(0 0 0 / 55%)', 'rgb(255 255 255 / 85%)')
  context.restore()
}

/** The surroundings of the pointer beside it, pixel by pixel, with the lines of shapes as thin as they are exact. */
function drawMagnifier(
  context: CanvasRenderingContext2D,
  editor: Editor,
  scene: Scene,
  { point, view: at }: PointerAt,
): void {
  const [left, top] = placeFor(at, scene)
  const { scale, turns } = editor.session.view.value
  const enlarged = Math.min(Math.max(scale * ENLARGED, LEAST_SCALE), MOST_SCALE)
  const half = MAGNIFIER_PX / 2
  const origin = videoToView({ scale: enlarged, x: 0, y: 0, turns }, point)
  const inside: View = { scale: enlarged, x: left + half - origin.x, y: top + half - origin.y, turns }
  const reach = half / enlarged
  const shown: Box = [point.x - reach, point.y - reach, point.x + reach, point.y + reach]
  context.save()
  outline(context, left, top)
  context.fillStyle = '#14171c'
  context.fill()
  context.clip()
  drawPixels(context, editor, scene, inside, shown)
  drawOutlines(context, editor, scene, inside, shown)
  context.beginPath()
  line(context, { x: left, y: top + half }, { x: left + MAGNIFIER_PX, y: top + half })
  line(context, { x: left + half, y: top }, { x: left + half, y: top + MAGNIFIER_PX })
  strokeTwice(context, 'rgb(0 0 0 / 55%)', 'rgb(255 255 255 / 85%)')
  drawPlace(context, point, left, top)
  outline(context, left, top)
  strokeTwice(context, 'rgb(0 0 0 / 60%)', 'rgb(255 255 255 / 80%)')
  context.restore()
}

function outline(context: CanvasRenderingContext2D, left: number, top: number): void {
  context.beginPath()
  context.roundRect(left + 0.5, top + 0.5, MAGNIFIER_PX - 1, MAGNIFIER_PX - 1, 8)
}

/** Above and to the right of the pointer, or on its other side where the canvas ends. */
function placeFor({ x, y }: Point, { width }: Scene): [number, number] {
  const left = x + GAP_PX + MAGNIFIER_PX > width ? x - GAP_PX - MAGNIFIER_PX : x + GAP_PX
  const top = y - GAP_PX - MAGNIFIER_PX < 0 ? y + GAP_PX : y - GAP_PX - MAGNIFIER_PX
  return [Math.round(left), Math.round(top)]
}

function drawPixels(
  context: CanvasRenderingContext2D,
  editor: Editor,
  { picture, ratio }: Scene,
  inside: View,
  shown: Box,
): void {
  const [, , width, height] = frameOf(editor)
  if (picture) {
    context.save()
    context.setTransform(...matrixOf(inside, ratio))
    context.imageSmoothingEnabled = false
    context.filter = editor.viewOptions.filter || 'none'
    context.drawImage(picture, 0, 0, width, height, 0, 0, width, height)
    context.restore()
  }
  traceGrid(context, inside, within(shown, frameOf(editor)), 1)
  context.lineWidth = 0.5
  context.strokeStyle = 'rgb(255 255 255 / 18%)'
  context.stroke()
}

function drawOutlines(
  context: CanvasRenderingContext2D,
  editor: Editor,
  { frame }: Scene,
  inside: View,
  shown: Box,
): void {
  const hidden = editor.session.hidden.value
  for (const shape of editor.store.queries.shapesAt(frame)) {
    if (hidden.has(shape.track.id) || !intersects(shape.bounds, shown)) continue
    paint(context, inside, shape, { ...lookOf(editor, shape, false, false), fill: 0, lineWidth: 1 })
  }
}

/** Where the pointer is, in px of the video. */
function drawPlace(context: CanvasRenderingContext2D, { x, y }: Point, left: number, top: number): void {
  const text = `${Math.floor(x)}, ${Math.floor(y)}`
  context.font = '11px "Inter", system-ui, sans-serif'
  context.fillStyle = 'rgb(16 20 28 / 85%)'
  context.fillRect(left + 6, top + MAGNIFIER_PX - 22, context.measureText(text).width + 10, 16)
  context.fillStyle = '#fff'
  context.textBaseline = 'middle'
  context.fillText(text, left + 11, top + MAGNIFIER_PX - 13.5)
}

/** A dark line below a light one is seen on any picture. */
function strokeTwice(context: CanvasRenderingContext2D, dark: string, light: string): void {
  context.lineWidth = 3
  context.strokeStyle = dark
  context.stroke()
  context.lineWidth = 1
  context.strokeStyle = light
  context.stroke()
}

/** A line along an axis of the canvas, in the middle of the pixels it covers. */
function line(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  context.moveTo(crisp(from.x), crisp(from.y))
  context.lineTo(crisp(to.x), crisp(to.y))
}

const within = (a: Box, b: Box): Box => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
]
const crisp = (value: number) => Math.round(value) + 0.5
