import { State, type PointerAt } from '@/editor/tool'
import { clipped, height, spanning, width } from '@/geometry/box'
import { SMALLEST_PX } from '@/geometry/kinds'

/** Dragging the rectangle in which new objects are looked for; one without an area means the whole frame. */
export class RegionDragging extends State<{ start: PointerAt }> {
  static readonly id = 'region.dragging'
  private start!: PointerAt

  override onEnter({ start }: { start: PointerAt }): void {
    this.start = start
  }

  override onPointerMove(at: PointerAt): void {
    this.editor.marquee.value = this.area(at)
  }

  override onPointerUp(at: PointerAt): void {
    this.editor.finding.region.value = this.area(at)
    this.end()
    this.editor.useTool('select')
  }

  override onCancel(): void {
    this.end()
  }

  override cursor(): string {
    return 'crosshair'
  }

  private area(at: PointerAt) {
    const { video } = this.editor.config
    const area = clipped(spanning(this.start.point, at.point), video.width, video.height)
    return width(area) >= SMALLEST_PX && height(area) >= SMALLEST_PX ? area : null
  }

  private end(): void {
    this.editor.marquee.value = null
    this.machine.idle()
  }
}
