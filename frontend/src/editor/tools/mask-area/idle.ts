import { PathIdle } from '../path/idle'
import { MaskAreaDrawing } from './drawing'

export class MaskAreaIdle extends PathIdle {
  static readonly id = 'mask-area.idle'
  protected override readonly kind = 'mask'
  protected override readonly drawing = MaskAreaDrawing
}
