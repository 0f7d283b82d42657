import { PathIdle } from '../path/idle'
import { PolylineDrawing } from './drawing'

export class PolylineIdle extends PathIdle {
  static readonly id = 'polyline.idle'
  protected override readonly kind = 'polyline'
  protected override readonly drawing = PolylineDrawing
}
