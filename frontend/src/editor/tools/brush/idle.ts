import { maskTarget } from '@/editor/masks/target'
import { State, type PointerAt } from '@/editor/tool'
import { Stroke } from './stroke'

/** Between two strokes: they go on painting the selected mask. */
export class BrushIdle extends State<null> {
  static readonly id = 'brush.idle'

  override onPointerDown(at: PointerAt): void {
    const target = maskTarget(this.editor)
    if (target) this.machine.transition(Stroke, { start: at, target })
  }

  override onFinish(): void {
    this.onCancel()
  }

  /** First the object is done, so that the next stroke begins another; then the brush is put down. */
  override onCancel(): void {
    if (this.editor.session.selection.value.size) this.editor.session.select()
    else this.editor.useTool('select')
  }

  override get tip(): boolean {
    return true
  }

  override cursor(): string {
    return 'none'
  }
}
