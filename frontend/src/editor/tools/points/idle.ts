import { PathIdle } from '../path/idle'
import { PointsDrawing } from './drawing'

export class PointsIdle extends PathIdle {
  static readonly id = 'points.idle'
  protected override readonly kind = 'points'
  protected override readonly drawing = PointsDrawing
}
