import type { Point } from '@/geometry/box'
import { ofVertices } from '@/geometry/kinds/vertex-list'
import { ObjectDrawing } from '../path/drawing'

export class PolygonDrawing extends ObjectDrawing {
  static readonly id = 'polygon.drawing'
  protected override readonly kind = 'polygon'
  protected override readonly least = 3
  protected override readonly closed = true

  protected override shapeOf(points: readonly Point[]) {
    return ofVertices('polygon', points)
  }
}
