import { State, type PointerAt } from '@/editor/tool'
import { clipped, height, spanning, width, type Box } from '@/geometry/box'
import { SMALLEST_PX } from '@/geometry/kinds'

interface Payload {
  readonly start: PointerAt
  /** What the rectangle is for; null: it has no area. */
  readonly onDone: (area: Box | null) => void
}

/** Dragging a rectangle on the picture: where new objects are looked for, or what a comment is about. */
export class RegionDragging extends State<Payload> {
  static readonly id = 'region.dragging'
  private start!: PointerAt
  private done!: Payload['onDone']

  override onEnter({ start, onDone }: Payload): void {
    this.start = start
    this.done = onDone
  }

  override onPointerMove(at: PointerAt): void {
    this.editor.marquee.value = this.area(at)
  }

  override onPointerUp(at: PointerAt): void {
    this.done(this.area(at))
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
