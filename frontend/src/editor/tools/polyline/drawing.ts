import type { Point } from '@/geometry/box'
import { ofVertices } from '@/geometry/kinds/vertex-list'
import { ObjectDrawing } from '../path/drawing'

export class PolylineDrawing extends ObjectDrawing {
  static readonly id = 'polyline.drawing'
  protected override readonly kind = 'polyline'
  protected override readonly least = 2

  protected override shapeOf(points: readonly Point[]) {
    return ofVertices('polyline', points)
  }
}
