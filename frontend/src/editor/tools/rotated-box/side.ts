import { State, type PointerAt } from '@/editor/tool'
import { SMALLEST_PX } from '@/geometry/kinds'
import type { Label } from '@/store/types'
import { Breadth } from './breadth'

/** CSS px; a press that moves less is a click, and the other end is clicked too. */
const CLICK_PX = 4

/** Drawing one side: dragged, or from click to click. */
export class Side extends State<{ start: PointerAt; label: Label }> {
  static readonly id = 'rotated-box.side'
  private start!: PointerAt
  private label!: Label

  override onEnter({ start, label }: { start: PointerAt; label: Label }): void {
    this.start = start
    this.label = label
  }

  override onPointerMove(at: PointerAt): void {
    this.editor.draft.value = { points: [this.start.point, at.point], joined: true, closed: false, stuck: null }
  }

  override onPointerUp(at: PointerAt): void {
    if (Math.hypot(at.view.x - this.start.view.x, at.view.y - this.start.view.y) >= CLICK_PX) this.next(at)
  }

  override onPointerDown(at: PointerAt): void {
    this.next(at)
  }

  override onCancel(): void {
    this.editor.draft.value = null
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }

  private next(at: PointerAt): void {
    const [from, to] = [this.start.point, at.point]
    if (Math.hypot(to.x - from.x, to.y - from.y) < SMALLEST_PX) this.onCancel()
    else this.machine.transition(Breadth, { from, to, label: this.label })
  }
}
