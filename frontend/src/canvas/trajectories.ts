/** Draws the ways of objects around the current frame, and the selected objects on their neighbouring keyframes. */
import type { Editor } from '@/editor/editor'
import { isDoubtful, isKeyframe, type Path } from '@/editor/trajectories/path-of'
import { boxInView, videoToView, type View } from '@/geometry/view-transform'
import type { Point } from '@/geometry/box'
import { DOUBTFUL, trackColour } from '@/store/colours'
import type { FrameNumber } from '@/store/types'
import { paint } from './kinds'
import { lookOf } from './shapes'

const DOT_PX = 3.5
const JUMP = '#ff5c5c'
const DARK = 'rgba(0, 0, 0, 0.5)'
/** More ways than this are drawn as thin lines without anything else but jumps, so that scrubbing stays smooth. */
const MOST_IN_FULL = 60

export function drawTrajectories(context: CanvasRenderingContext2D, editor: Editor, frame: FrameNumber): void {
  const { trajectories, session, config, display } = editor
  const [first, last] = trajectories.stretch(frame)
  const tracks = trajectories.tracks(frame)
  const jump = trajectories.settings.jump.value
  context.save()
  context.lineJoin = 'round'
  for (const track of tracks) {
    const path = trajectories.path(track.id, first, last)
    const colour = trackColour(config, track, display.colourBy.value)
    drawPath(context, session.view.value, path, {
      first,
      frame,
      last,
      colour,
      jump,
      full: tracks.length <= MOST_IN_FULL,
    })
  }
  if (trajectories.pointed.value && session.tool.value === 'select')
    drawPointed(context, session.view.value, trajectories.pointed.value)
  context.restore()
}

export function drawOnionSkin(context: CanvasRenderingContext2D, editor: Editor, frame: FrameNumber): void {
  const view = editor.session.view.value
  for (const { frame: other, shape } of editor.trajectories.neighbours(frame)) {
    context.save()
    context.globalAlpha = 0.85
    paint(context, view, shape, {
      ...lookOf(editor, shape, false, false),
      fill: 0,
      lineWidth: 1.25,
      dash: other < frame ? [] : [5, 4],
    })
    context.globalAlpha = 0.9
    const [x, y] = boxInView(view, shape.bounds)
    drawFrameNumber(context, { x, y: Math.max(y - 9, 9) }, `${other < frame ? '←' : '→'} ${other}`)
    context.restore()
  }
}

interface Stroke {
  readonly first: FrameNumber
  readonly frame: FrameNumber
  readonly last: FrameNumber
  readonly colour: string
  /** px of the video per frame */
  readonly jump: number
  /** With a dark line below, and dots. */
  readonly full: boolean
}

/** What was is a whole line, what comes a broken one. */
function drawPath(context: CanvasRenderingContext2D, view: View, path: Path, stroke: Stroke): void {
  const { first, frame, last, colour, jump, full } = stroke
  for (const [from, to, dash] of [
    [first, frame, []],
    [frame, last, [5, 4]],
  ] as const) {
    trace(context, view, path, from, to)
    if (full) line(context, DARK, 4, dash)
    context.globalAlpha = full || to === frame ? 1 : 0.5
    line(context, colour, full ? 2 : 1, full ? dash : [])
  }
  context.globalAlpha = 1
  context.setLineDash([])
  drawJumps(context, view, path, first, last, jump)
  if (full) drawDots(context, view, path, first, last, colour)
}

function line(context: CanvasRenderingContext2D, colour: string, width: number, dash: readonly number[]): void {
  context.setLineDash(dash as number[])
  context.lineWidth = width
  context.strokeStyle = colour
  context.stroke()
}

function trace(context: CanvasRenderingContext2D, view: View, path: Path, first: FrameNumber, last: FrameNumber): void {
  context.beginPath()
  const start = path.place(first)
  let [px, py] = [Infinity, Infinity]
  const go = (at: Point, begins: boolean) => {
    const { x, y } = videoToView(view, at)
    if (begins) context.moveTo(x, y)
    // An object that stands still has hundreds of rows in one place.
    else if (Math.abs(x - px) + Math.abs(y - py) < 1) return
    else context.lineTo(x, y)
    ;[px, py] = [x, y]
  }
  if (start) go(start, true)
  let index = path.at(first)
  for (; index < path.length && path.frames[index]! <= last; index++) go(pointAt(path, index), path.begins[index]!)
  const end = path.place(last)
  if (end && path.frames[index - 1] !== last) go(end, false)
}

/** Lines along which the object moved farther than it hardly can. */
function drawJumps(
  context: CanvasRenderingContext2D,
  view: View,
  path: Path,
  first: FrameNumber,
  last: FrameNumber,
  jump: number,
): void {
  context.beginPath()
  let any = false
  for (let index = Math.max(path.at(first), 1); index < path.length && path.frames[index]! <= last; index++) {
    if (path.pace(index) <= jump || path.frames[index - 1]! < first) continue
    const [from, to] = [videoToView(view, pointAt(path, index - 1)), videoToView(view, pointAt(path, index))]
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    any = true
  }
  if (!any) return
  line(context, DARK, 6, [])
  line(context, JUMP, 3.5, [])
}

/** A disc for a keyframe, a ring for a doubtful frame. */
function drawDots(
  context: CanvasRenderingContext2D,
  view: View,
  path: Path,
  first: FrameNumber,
  last: FrameNumber,
  colour: string,
): void {
  let [px, py] = [Infinity, Infinity]
  for (let index = path.at(first); index < path.length && path.frames[index]! <= last; index++) {
    const flags = path.flags[index]!
    if (!isKeyframe(flags) && !isDoubtful(flags)) continue
    const { x, y } = videoToView(view, pointAt(path, index))
    // Of doubtful frames close together some say it.
    if (!isKeyframe(flags) && Math.hypot(x - px, y - py) < 3 * DOT_PX) continue
    ;[px, py] = [x, y]
    context.beginPath()
    context.arc(x, y, DOT_PX, 0, 2 * Math.PI)
    context.fillStyle = isDoubtful(flags) ? 'rgba(16, 20, 28, 0.75)' : colour
    context.strokeStyle = isDoubtful(flags) ? DOUBTFUL : '#fff'
    context.lineWidth = 1.5
    context.fill()
    context.stroke()
  }
}

/** The place under the pointer, and the frame that a click goes to. */
function drawPointed(
  context: CanvasRenderingContext2D,
  view: View,
  { at, frame }: { readonly at: Point; readonly frame: FrameNumber },
): void {
  const { x, y } = videoToView(view, at)
  context.beginPath()
  context.arc(x, y, 2 * DOT_PX, 0, 2 * Math.PI)
  line(context, DARK, 4, [])
  line(context, '#fff', 2, [])
  drawFrameNumber(context, { x: x + 10, y: y - 10 }, String(frame))
}

function drawFrameNumber(context: CanvasRenderingContext2D, { x, y }: Point, text: string): void {
  context.font = '11px "Inter", system-ui, sans-serif'
  context.fillStyle = 'rgb(16 20 28 / 85%)'
  context.fillRect(x - 1, y - 8, context.measureText(text).width + 10, 16)
  context.fillStyle = '#fff'
  context.textBaseline = 'middle'
  context.fillText(text, x + 4, y + 0.5)
}

const pointAt = (path: Path, index: number): Point => ({ x: path.xs[index]!, y: path.ys[index]! })
