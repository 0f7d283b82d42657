import { maskTarget } from '@/editor/masks/target'
import { State, type PointerAt } from '@/editor/tool'
import { SmartClicking } from './clicking'

/** Before the first click: the frame is looked at meanwhile, so that the click is answered soon. */
export class SmartIdle extends State<null> {
  static readonly id = 'smart.idle'

  override onEnter(): void {
    this.editor.lookAtFrame()
  }

  override onPointerDown(at: PointerAt): void {
    const target = maskTarget(this.editor)
    if (target) this.machine.transition(SmartClicking, { start: at, target })
  }

  override onFinish(): void {
    this.onCancel()
  }

  /** First the object is done, so that the next click begins another; then the tool is put down. */
  override onCancel(): void {
    if (this.editor.session.selection.value.size) this.editor.session.select()
    else this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }

  override get precise(): boolean {
    return false
  }
}
