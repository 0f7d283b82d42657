import { uuid } from '@/core/ids'
import { t } from '@/core/text'
import { State, type PointerAt } from '@/editor/tool'
import type { Point } from '@/geometry/box'
import { SMALLEST_PX } from '@/geometry/kinds'
import { fromSide } from '@/geometry/kinds/rotated-box'
import { keyframe } from '@/store/chunks'
import type { Gesture } from '@/store/store'
import type { Label, TrackId } from '@/store/types'

/** One side is drawn: the pointer says how far the box goes from it, a click completes it. */
export class Breadth extends State<{ from: Point; to: Point; label: Label }> {
  static readonly id = 'rotated-box.breadth'
  private side!: readonly [Point, Point]
  private label!: Label
  private gesture!: Gesture
  private frame = 0
  private readonly track: TrackId = uuid()
  private drawn = false

  override onEnter({ from, to, label }: { from: Point; to: Point; label: Label }): void {
    this.side = [from, to]
    this.label = label
    this.frame = this.editor.session.frame.value
    this.gesture = this.editor.store.beginGesture(`Draw ${label.name}`)
  }

  override onPointerMove(at: PointerAt): void {
    const shape = fromSide(...this.side, at.point)
    this.drawn = shape !== null
    this.editor.draft.value = shape ? null : { points: this.side, joined: true, closed: false, stuck: null }
    this.gesture.update((tx) => {
      if (shape) tx.putRow(tx.createTrack({ label: this.label.id }, this.track), keyframe(this.frame, shape))
    })
  }

  override onPointerDown(at: PointerAt): void {
    this.onPointerMove(at)
    this.onFinish()
  }

  override onFinish(): void {
    if (!this.drawn) {
      this.editor.session.tell(
        t('Move at least {distance} px away from the side, then click.', { distance: SMALLEST_PX }),
      )
      return
    }
    this.editor.draft.value = null
    this.gesture.commit()
    this.machine.idle()
    this.editor.drew(this.track)
  }

  override onCancel(): void {
    this.editor.draft.value = null
    this.gesture.cancel()
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }
}
