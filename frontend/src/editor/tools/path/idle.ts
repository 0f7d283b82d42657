import { State, type PointerAt, type StateClass } from '@/editor/tool'
import type { GeometryKind } from '@/geometry/kinds'
import type { Begun } from './drawing'

/** Waiting for the first point. */
export abstract class PathIdle extends State<null> {
  protected abstract readonly kind: GeometryKind
  protected abstract readonly drawing: StateClass<Begun>

  override onPointerDown(at: PointerAt): void {
    const label = this.editor.labelToDraw(this.kind)
    if (label && this.editor.mayDraw()) this.machine.transition(this.drawing, { start: at, label })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
