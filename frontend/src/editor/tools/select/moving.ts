import { State, type PointerAt } from '@/editor/tool'
import { kindOf, movedInside } from '@/geometry/kinds'
import { keyframe } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { ShownShape, TrackId } from '@/store/types'

/** Dragging the selected shapes. Shift keeps to one axis. */
export class Moving extends State<{ start: PointerAt; tracks: readonly TrackId[] }> {
  static readonly id = 'select.moving'
  private start!: PointerAt
  private shapes: ShownShape[] = []
  private gesture!: Gesture
  private frame = 0

  override onEnter({ start, tracks }: { start: PointerAt; tracks: readonly TrackId[] }): void {
    this.start = start
    this.frame = this.editor.session.frame.value
    this.shapes = tracks.map((track) => this.editor.shapeToEdit(track)).filter((shape) => shape !== null)
    this.gesture = this.editor.store.beginGesture(
      this.shapes.length === 1 ? `Move ${kindOf(this.shapes[0]!).name}` : `Move ${this.shapes.length} objects`,
    )
  }

  override onPointerMove(at: PointerAt): void {
    let dx = at.point.x - this.start.point.x
    let dy = at.point.y - this.start.point.y
    if (at.shift) {
      if (Math.abs(dx) > Math.abs(dy)) dy = 0
      else dx = 0
    }
    this.gesture.update((tx) => {
      for (const shape of this.shapes) {
        const moved = movedInside(shape, dx, dy, this.editor.config.video)
        tx.putRow(shape.track.id, keyframe(this.frame, moved, { occluded: shape.occluded }))
      }
    })
  }

  override onPointerUp(): void {
    this.gesture.commit()
    this.editor.following.edited(
      this.shapes.map(({ track }) => track.id),
      this.frame,
    )
    this.machine.idle()
  }

  override onCancel(): void {
    this.gesture.cancel()
    this.machine.idle()
  }

  override cursor(): string {
    return 'move'
  }
}
