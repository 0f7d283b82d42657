import { pointsOf, Seen } from '@/geometry/kinds/point-list'
import { videoToView } from '@/geometry/view-transform'
import { strokePath, type Painter } from './painter'

const JOINT_PX = 4

/** Lines between joints that are there; a visible joint is a disc, an occluded one a ring, an absent one isn't drawn. */
export const paintSkeleton: Painter = (context, view, shape, look) => {
  const points = pointsOf(shape)
  const places = points.map((point) => videoToView(view, point))
  context.beginPath()
  for (const [from, to] of look.edges) {
    const [a, b] = [places[from], places[to]]
    if (!a || !b || points[from]!.seen === Seen.absent || points[to]!.seen === Seen.absent) continue
    context.moveTo(a.x, a.y)
    context.lineTo(b.x, b.y)
  }
  strokePath(context, look, false)
  context.setLineDash([])
  context.lineWidth = 1.5
  points.forEach(({ seen }, index) => {
    if (seen === Seen.absent) return
    context.beginPath()
    context.arc(places[index]!.x, places[index]!.y, JOINT_PX, 0, 2 * Math.PI)
    context.fillStyle = seen === Seen.visible ? look.colour : 'rgba(0, 0, 0, 0.45)'
    context.strokeStyle = seen === Seen.visible ? 'rgba(0, 0, 0, 0.6)' : look.colour
    context.fill()
    context.stroke()
  })
}
