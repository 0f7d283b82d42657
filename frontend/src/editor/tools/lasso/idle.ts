import { State, type PointerAt } from '@/editor/tool'
import { Around } from './around'

/** Waiting for a line around objects; hovering. */
export class LassoIdle extends State<null> {
  static readonly id = 'lasso.idle'

  override onPointerDown(at: PointerAt): void {
    this.machine.transition(Around, { start: at })
  }

  override onPointerMove(at: PointerAt): void {
    this.editor.session.hovered.value = this.editor.hit(at.point)?.track ?? null
  }

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
