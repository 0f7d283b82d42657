import { pointsOf, Seen } from '@/geometry/kinds/point-list'
import { videoToView } from '@/geometry/view-transform'
import type { Painter } from './painter'

const POINT_PX = 4.5
/** Numbers are left out when there are more: they would cover each other. */
const MOST_NUMBERS = 60

/** A disc each, a ring where it is hidden, with its number in the list where there are several. */
export const paintPoints: Painter = (context, view, shape, look) => {
  const points = pointsOf(shape)
  context.lineWidth = look.lineWidth
  context.font = '10px "Inter", system-ui, sans-serif'
  points.forEach((point, index) => {
    if (point.seen === Seen.absent) return
    const { x, y } = videoToView(view, point)
    context.beginPath()
    context.arc(x, y, POINT_PX, 0, 2 * Math.PI)
    context.fillStyle = point.seen === Seen.visible ? look.colour : 'rgba(0, 0, 0, 0.45)'
    context.strokeStyle = point.seen === Seen.visible ? 'rgba(0, 0, 0, 0.65)' : look.colour
    context.fill()
    context.stroke()
    if (points.length < 2 || points.length > MOST_NUMBERS) return
    context.fillStyle = 'rgba(0, 0, 0, 0.7)'
    context.fillText(String(index + 1), x + 7, y - 4)
    context.fillStyle = '#fff'
    context.fillText(String(index + 1), x + 6, y - 5)
  })
}
