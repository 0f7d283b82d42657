import { RegionDragging } from '@/editor/tools/region/dragging'
import { State, type PointerAt } from '@/editor/tool'

export class CommentIdle extends State<null> {
  static readonly id = 'comment.idle'

  override onPointerDown(at: PointerAt): void {
    this.machine.transition(RegionDragging, {
      start: at,
      onDone: (area) => area && this.editor.issues.moveTo(area),
    })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
