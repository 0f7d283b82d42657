import type { Point } from '@/geometry/box'
import { Seen } from '@/geometry/kinds/point-list'
import { pointsAt } from '@/geometry/kinds/points'
import { ObjectDrawing } from '../path/drawing'

export class PointsDrawing extends ObjectDrawing {
  static readonly id = 'points.drawing'
  protected override readonly kind = 'points'
  protected override readonly least = 1
  protected override readonly joined = false

  protected override shapeOf(points: readonly Point[]) {
    return pointsAt(points.map((point) => ({ ...point, seen: Seen.visible })))
  }
}
