import { State, type PointerAt } from '@/editor/tool'
import type { TrackId } from '@/store/types'
import { Moving } from './moving'

/** How far the pointer may wander, in CSS px, and a press is still a click. */
const CLICK_PX = 3

/** Pressed on a shape: a click so far; it becomes a drag when the pointer moves. */
export class Pointing extends State<{ start: PointerAt; track: TrackId }> {
  static readonly id = 'select.pointing'
  private start!: PointerAt
  private track!: TrackId
  private wasSelected = false

  override onEnter({ start, track }: { start: PointerAt; track: TrackId }): void {
    this.start = start
    this.track = track
    const { session } = this.editor
    this.wasSelected = session.selection.value.has(track)
    if (start.shift || start.ctrl) session.toggleSelected(track)
    else if (!this.wasSelected) session.select(track)
  }

  override onPointerMove(at: PointerAt): void {
    const far = Math.hypot(at.view.x - this.start.view.x, at.view.y - this.start.view.y) > CLICK_PX
    if (!far) return
    const tracks = [...this.editor.session.selection.value].filter((track) => this.editor.mayEdit(track))
    if (!tracks.length) return
    this.machine.transition(Moving, { start: this.start, tracks })
    // This move counts too: a quick drag has only a few.
    this.machine.handler.onPointerMove(at)
  }

  override onPointerUp(): void {
    if (this.wasSelected && !this.start.shift && !this.start.ctrl) this.editor.session.select(this.track)
    this.machine.idle()
  }

  override onCancel(): void {
    this.machine.idle()
  }

  override cursor(): string {
    return 'move'
  }
}
