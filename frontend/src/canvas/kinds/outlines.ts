import { kindOf, type Geometry } from '@/geometry/kinds'
import { videoToView, type View } from '@/geometry/view-transform'
import { strokePath, type Painter } from './painter'

/** Add a shape's outlines to a new path. Returns whether all of them are closed. */
function traceOutlines(context: CanvasRenderingContext2D, view: View, shape: Geometry): boolean {
  context.beginPath()
  let closed = true
  for (const outline of kindOf(shape).outlines(shape)) {
    outline.points.forEach((point, index) => {
      const { x, y } = videoToView(view, point)
      if (index) context.lineTo(x, y)
      else context.moveTo(x, y)
    })
    if (outline.closed) context.closePath()
    else closed = false
  }
  return closed
}

/** Whatever is made of lines. */
export const paintOutlines: Painter = (context, view, shape, look) =>
  strokePath(context, look, traceOutlines(context, view, shape))
