import { State, type PointerAt } from '@/editor/tool'
import { RegionDragging } from './dragging'

export class RegionIdle extends State<null> {
  static readonly id = 'region.idle'

  override onPointerDown(at: PointerAt): void {
    this.machine.transition(RegionDragging, {
      start: at,
      onDone: (area) => (this.editor.finding.region.value = area),
    })
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'crosshair'
  }
}
