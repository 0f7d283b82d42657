import { Canvas } from '@/editor/masks/brush'
import { maskTarget, putMask } from '@/editor/masks/target'
import type { PointerAt } from '@/editor/tool'
import type { Point } from '@/geometry/box'
import { fillPolygon } from '@/geometry/rle'
import { PathDrawing } from '../path/drawing'

/** An outline whose inside is added to the selected mask, or taken from it: while the brush erases, or with Alt. */
export class MaskAreaDrawing extends PathDrawing {
  static readonly id = 'mask-area.drawing'
  protected override readonly kind = 'mask'
  protected override readonly least = 3
  protected override readonly closed = true
  private inverted = false

  override onPointerDown(at: PointerAt): void {
    this.inverted = at.alt
    super.onPointerDown(at)
  }

  protected override complete(points: readonly Point[]): void {
    const { editor } = this
    const target = maskTarget(editor)
    if (!target) return
    const erases = editor.brush.erases.value !== this.inverted
    const canvas = new Canvas(editor.config.video, target.shape)
    canvas.touched(fillPolygon(canvas.bitmap, points, erases ? 0 : 1))
    putMask(editor, target, canvas.toMask(), !erases, erases ? 'Take from' : 'Add to')
  }
}
