import { cursorOf } from '@/editor/hit-test'
import { State, type PointerAt } from '@/editor/tool'
import { SMALLEST_PX } from '@/editor/tools/shared'
import { clipped, resized, width, height, type Handle } from '@/geometry/box'
import { keyframeBox } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { ShownShape, TrackId } from '@/store/types'

/** Dragging a handle of a box. Shift keeps it square. */
export class Resizing extends State<{ track: TrackId; handle: Handle }> {
  static readonly id = 'select.resizing'
  private shape: ShownShape | null = null
  private handle!: Handle
  private gesture!: Gesture
  private frame = 0

  override onEnter({ track, handle }: { track: TrackId; handle: Handle }): void {
    this.handle = handle
    this.frame = this.editor.session.frame.value
    this.gesture = this.editor.store.beginGesture('Resize box')
    this.shape = this.editor.mayEdit(track) ? this.editor.shapeToEdit(track) : null
  }

  override onPointerMove(at: PointerAt): void {
    const { shape } = this
    if (!shape) return
    const { video } = this.editor.config
    const bounds = clipped(resized(shape.bounds, this.handle, at.point, at.shift), video.width, video.height)
    if (width(bounds) < SMALLEST_PX || height(bounds) < SMALLEST_PX) return
    this.gesture.update((tx) => tx.putRow(shape.track.id, keyframeBox(this.frame, bounds, { occluded: shape.occluded })))
  }

  override onPointerUp(): void {
    this.gesture.commit()
    if (this.shape) this.editor.edited([this.shape.track.id], this.frame)
    this.machine.idle()
  }

  override onCancel(): void {
    this.gesture.cancel()
    this.machine.idle()
  }

  override cursor(): string {
    return this.shape ? cursorOf({ on: 'handle', track: this.shape.track.id, handle: this.handle }) : 'default'
  }
}
