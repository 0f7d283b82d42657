import type { Draft } from '@/editor/shapes/draft'
import { videoToView, type View } from '@/geometry/view-transform'

const POINT_PX = 3.5

/** What is being drawn: its lines, its points, and where the next one sticks to a neighbour. */
export function drawDraft(
  context: CanvasRenderingContext2D,
  view: View,
  { points, joined, closed, stuck, bare = false }: Draft,
  colour: string,
): void {
  const places = points.map((point) => videoToView(view, point))
  context.save()
  if (joined && places.length > 1) {
    context.beginPath()
    places.forEach(({ x, y }) => context.lineTo(x, y))
    context.lineWidth = 3.5
    context.strokeStyle = 'rgba(0, 0, 0, 0.45)'
    context.stroke()
    context.lineWidth = 2
    context.strokeStyle = colour
    context.stroke()
    if (closed && places.length > 2) {
      context.globalAlpha = 0.18
      context.fillStyle = colour
      context.fill('evenodd')
      context.globalAlpha = 1
    }
  }
  context.lineWidth = 1.5
  context.strokeStyle = colour
  context.fillStyle = '#fff'
  for (const { x, y } of bare ? [] : places) {
    context.beginPath()
    context.arc(x, y, POINT_PX, 0, 2 * Math.PI)
    context.fill()
    context.stroke()
  }
  if (stuck) drawSticking(context, view, stuck)
  context.restore()
}

function drawSticking(context: CanvasRenderingContext2D, view: View, stuck: Draft['points'][number]): void {
  const { x, y } = videoToView(view, stuck)
  context.strokeStyle = '#ffd43b'
  context.lineWidth = 2
  context.beginPath()
  context.arc(x, y, 3 * POINT_PX, 0, 2 * Math.PI)
  context.stroke()
}
