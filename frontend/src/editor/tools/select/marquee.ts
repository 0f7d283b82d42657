import { State, type PointerAt } from '@/editor/tool'
import { intersects, spanning } from '@/geometry/box'
import type { TrackId } from '@/store/types'

/** Dragging over empty ground selects what the rectangle touches; a click selects nothing. */
export class Marquee extends State<{ start: PointerAt }> {
  static readonly id = 'select.marquee'
  private start!: PointerAt
  private before: ReadonlySet<TrackId> = new Set()

  override onEnter({ start }: { start: PointerAt }): void {
    this.start = start
    this.before = this.editor.session.selection.value
    if (!start.shift && !start.ctrl) this.editor.session.select()
  }

  override onPointerMove(at: PointerAt): void {
    const area = spanning(this.start.point, at.point)
    this.editor.marquee.value = area
    const touched = this.editor.visibleShapes().filter((shape) => intersects(shape.bounds, area))
    const kept = this.start.shift || this.start.ctrl ? [...this.before] : []
    this.editor.session.select(...kept, ...touched.map(({ track }) => track.id))
  }

  override onPointerUp(): void {
    this.editor.marquee.value = null
    this.machine.idle()
  }

  override onCancel(): void {
    this.editor.session.select(...this.before)
    this.onPointerUp()
  }
}
