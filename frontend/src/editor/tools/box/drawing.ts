import { uuid } from '@/core/ids'
import { State, type PointerAt } from '@/editor/tool'
import { clipped, height, spanning, width, type Point } from '@/geometry/box'
import { SMALLEST_PX } from '@/geometry/kinds'
import { keyframeBox } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { Label, TrackId } from '@/store/types'

/** Dragging the second corner of a new box. Shift makes it square, Alt draws from the middle. */
export class Drawing extends State<{ start: Point; label: Label }> {
  static readonly id = 'box.drawing'
  private start!: Point
  private label!: Label
  private gesture!: Gesture
  private frame = 0
  private readonly track: TrackId = uuid()
  private drawn: TrackId | null = null

  override onEnter({ start, label }: { start: Point; label: Label }): void {
    this.start = start
    this.label = label
    this.frame = this.editor.session.frame.value
    this.gesture = this.editor.store.beginGesture(`Draw ${label.name}`)
  }

  override onPointerMove(at: PointerAt): void {
    const { video } = this.editor.config
    const bounds = clipped(this.bounds(at), video.width, video.height)
    const large = width(bounds) >= SMALLEST_PX && height(bounds) >= SMALLEST_PX
    this.gesture.update((tx) => {
      this.drawn = large ? tx.createTrack({ label: this.label.id }, this.track) : null
      if (this.drawn) tx.putRow(this.drawn, keyframeBox(this.frame, bounds))
    })
  }

  override onPointerUp(): void {
    if (!this.drawn) {
      this.onCancel()
      return
    }
    this.gesture.commit()
    this.machine.idle()
    this.editor.drew(this.drawn)
  }

  override onFinish(): void {
    this.onPointerUp()
  }

  override onCancel(): void {
    this.gesture.cancel()
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }

  private bounds(at: PointerAt) {
    let { x, y } = at.point
    if (at.shift) {
      const side = Math.max(Math.abs(x - this.start.x), Math.abs(y - this.start.y))
      x = this.start.x + side * (Math.sign(x - this.start.x) || 1)
      y = this.start.y + side * (Math.sign(y - this.start.y) || 1)
    }
    const from = at.alt ? { x: 2 * this.start.x - x, y: 2 * this.start.y - y } : this.start
    return spanning(from, { x, y })
  }
}
