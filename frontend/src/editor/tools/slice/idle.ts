import { State, type PointerAt } from '@/editor/tool'
import { SliceDrawing } from './drawing'

/** Waiting for the first point of the line to cut along. */
export class SliceIdle extends State<null> {
  static readonly id = 'slice.idle'

  override onPointerDown(at: PointerAt): void {
    if (this.editor.mayDraw()) this.machine.transition(SliceDrawing, { start: at, label: null })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
