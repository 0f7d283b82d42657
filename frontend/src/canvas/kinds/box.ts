import { boxInView } from '@/geometry/view-transform'
import { UNDERLINE, UNDERLINE_PX, type Painter } from './painter'

/** Rectangles, which a browser strokes in a third of the time of any other path; most shapes are some. */
export const paintBox: Painter = (context, view, shape, { colour, fill, lineWidth, dash }) => {
  const [x1, y1, x2, y2] = boxInView(view, shape.bounds)
  const [width, height] = [x2 - x1, y2 - y1]
  if (fill) {
    context.globalAlpha *= fill
    context.fillStyle = colour
    context.fillRect(x1, y1, width, height)
    context.globalAlpha /= fill
  }
  context.setLineDash(dash as number[])
  context.lineWidth = lineWidth + UNDERLINE_PX
  context.strokeStyle = UNDERLINE
  context.strokeRect(x1, y1, width, height)
  context.lineWidth = lineWidth
  context.strokeStyle = colour
  context.strokeRect(x1, y1, width, height)
}
