import { PathIdle } from '../path/idle'
import { PolygonDrawing } from './drawing'

export class PolygonIdle extends PathIdle {
  static readonly id = 'polygon.idle'
  protected override readonly kind = 'polygon'
  protected override readonly drawing = PolygonDrawing
}
