import { State, type PointerAt } from '@/editor/tool'
import { Drawing } from './drawing'

/** Waiting for the first corner. */
export class BoxIdle extends State<null> {
  static readonly id = 'box.idle'

  override onPointerDown(at: PointerAt): void {
    const label = this.editor.labelToDraw('box')
    if (label && this.editor.mayDraw()) this.machine.transition(Drawing, { start: at.point, label })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
