import { t } from '@/core/text'
import { putMask } from '@/editor/masks/target'
import { State, type PointerAt } from '@/editor/tool'
import type { Geometry } from '@/geometry/kinds'
import { withoutPieceAt, withRegionAt } from '@/geometry/flood'
import { maskContains } from '@/geometry/rle'
import type { ShownShape } from '@/store/types'

/** A click fills the closed region of a mask under it; while the brush erases, or with Alt, it takes a piece away. */
export class FillIdle extends State<null> {
  static readonly id = 'fill.idle'

  override onPointerDown(at: PointerAt): void {
    const { editor } = this
    const erases = editor.brush.erases.value !== at.alt
    const masks = this.masks()
    const shape = masks.find((mask) =>
      erases ? maskContains(mask, at.point) : withRegionAt(mask, at.point, editor.config.video),
    )
    if (!shape) {
      const what = erases
        ? t('There is no mask here to take a piece from.')
        : t('Nothing closes this place. Paint all the way around it first.')
      editor.session.tell(masks.length ? what : t('Paint a mask first.'))
    } else
      this.put(
        shape,
        erases ? withoutPieceAt(shape, at.point) : withRegionAt(shape, at.point, editor.config.video),
        erases,
      )
  }

  override onFinish(): void {
    this.onCancel()
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }

  /** Those that a click may mean: the selected ones, or without any all visible ones. */
  private masks(): ShownShape[] {
    const masks = this.editor.visibleShapes().filter(({ kind }) => kind === 'mask')
    const selected = masks.filter(({ track }) => this.editor.session.selection.value.has(track.id))
    return selected.length ? selected : masks
  }

  private put(shape: ShownShape, mask: Geometry | null, erases: boolean): void {
    const { editor } = this
    const label = editor.label(shape.track.label)
    if (!label || !editor.mayEdit(shape.track.id)) return
    const target = { frame: editor.session.frame.value, track: shape.track.id, shape, label }
    putMask(editor, target, mask, !erases, erases ? 'Take a piece of' : 'Fill')
    editor.session.select(shape.track.id)
  }
}
