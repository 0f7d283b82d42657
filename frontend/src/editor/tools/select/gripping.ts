import { State, type PointerAt } from '@/editor/tool'
import { kindOf, type Grip } from '@/geometry/kinds'
import { keyframe } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { ShownShape, TrackId } from '@/store/types'

/**
 * Dragging a grip of a shape: a corner, a side, a vertex. Shift keeps proportions where the kind has some; Ctrl keeps a
 * vertex from sticking to neighbours.
 */
export class Gripping extends State<{ track: TrackId; grip: Grip }> {
  static readonly id = 'select.gripping'
  private shape: ShownShape | null = null
  private grip!: Grip
  private gesture!: Gesture
  private frame = 0
  private changed = false

  override onEnter({ track, grip }: { track: TrackId; grip: Grip }): void {
    this.grip = grip
    this.frame = this.editor.session.frame.value
    this.shape = this.editor.mayEdit(track) ? this.editor.shapeToEdit(track) : null
    this.gesture = this.editor.store.beginGesture(`Reshape ${this.shape ? kindOf(this.shape).name : ''}`)
  }

  override onPointerMove(at: PointerAt): void {
    const { shape } = this
    if (!shape) return
    const sticky = (shape.kind === 'polygon' || shape.kind === 'polyline') && !at.ctrl
    const point = (sticky ? this.editor.stickTo(at.point, shape.track.id) : null) ?? at.point
    const changed = kindOf(shape).gripped(shape, this.grip.id, point, {
      shift: at.shift,
      alt: at.alt,
      frame: this.editor.config.video,
    })
    if (!changed) return
    this.changed = true
    this.gesture.update((tx) => tx.putRow(shape.track.id, keyframe(this.frame, changed, { occluded: shape.occluded })))
  }

  override onPointerUp(): void {
    this.gesture.commit()
    if (this.shape && this.changed) this.editor.following.edited([this.shape.track.id], this.frame)
    this.machine.idle()
  }

  override onCancel(): void {
    this.gesture.cancel()
    this.machine.idle()
  }

  override get precise(): boolean {
    return true
  }

  override cursor(): string {
    return this.grip.cursor
  }
}
