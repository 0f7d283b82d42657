import { uuid } from '@/core/ids'
import { State, type PointerAt } from '@/editor/tool'
import { clipped, height, spanning, width, type Point } from '@/geometry/box'
import { SMALLEST_PX } from '@/geometry/kinds'
import { skeletonIn } from '@/geometry/kinds/skeleton'
import { keyframe } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { Skeleton, TrackId } from '@/store/types'

/** Dragging out the box that a label's joints are spread over. Shift mirrors them: a person seen from behind. */
export class Placing extends State<{ start: Point; label: number; template: Skeleton }> {
  static readonly id = 'skeleton.placing'
  private start!: Point
  private label!: number
  private template!: Skeleton
  private gesture!: Gesture
  private frame = 0
  private readonly track: TrackId = uuid()
  private drawn: TrackId | null = null

  override onEnter({ start, label, template }: { start: Point; label: number; template: Skeleton }): void {
    this.start = start
    this.label = label
    this.template = template
    this.frame = this.editor.session.frame.value
    this.gesture = this.editor.store.beginGesture(`Draw ${this.editor.label(label)?.name ?? 'skeleton'}`)
  }

  override onPointerMove(at: PointerAt): void {
    const { video } = this.editor.config
    const box = clipped(spanning(this.start, at.point), video.width, video.height)
    const large = width(box) >= SMALLEST_PX && height(box) >= SMALLEST_PX
    const joints = at.shift ? this.template.joints.map(({ x, y }) => ({ x: 1 - x, y })) : this.template.joints
    this.gesture.update((tx) => {
      this.drawn = large ? tx.createTrack({ label: this.label }, this.track) : null
      if (this.drawn) tx.putRow(this.drawn, keyframe(this.frame, skeletonIn(box, joints)))
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

  override onCancel(): void {
    this.gesture.cancel()
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }
}
