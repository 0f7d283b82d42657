import { State, type PointerAt } from '@/editor/tool'
import { Side } from './side'

/** Waiting for the first corner. */
export class RotatedBoxIdle extends State<null> {
  static readonly id = 'rotated-box.idle'

  override onPointerDown(at: PointerAt): void {
    const label = this.editor.labelToDraw('rotated_box')
    if (label && this.editor.mayDraw()) this.machine.transition(Side, { start: at, label })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
