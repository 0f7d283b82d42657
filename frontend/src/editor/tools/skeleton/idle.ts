import { State, type PointerAt } from '@/editor/tool'
import { Placing } from './placing'

/** Waiting for the first corner of the box that the joints are spread over. */
export class SkeletonIdle extends State<null> {
  static readonly id = 'skeleton.idle'

  override onPointerDown(at: PointerAt): void {
    const label = this.editor.labelToDraw('skeleton')
    if (label?.skeleton && this.editor.mayDraw())
      this.machine.transition(Placing, { start: at.point, label: label.id, template: label.skeleton })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
