import { Canvas, type Stretch } from '@/editor/masks/brush'
import { putMask, type MaskTarget } from '@/editor/masks/target'
import { State, type PointerAt } from '@/editor/tool'
import type { Point } from '@/geometry/box'
import { stamp } from '@/geometry/rle'

/** Where the last stroke of this page ended: with Shift, the next goes on from there in a straight line. */
let lastEnd: Point | null = null

/** The button is held: the tip sets pixels, or clears them, along its way. One stroke is one step of undo. */
export class Stroke extends State<{ start: PointerAt; target: MaskTarget }> {
  static readonly id = 'brush.stroke'
  private target!: MaskTarget
  private canvas!: Canvas
  private erases = false
  private square = false
  private radius = 0
  private at!: Point
  private readonly stretches: Stretch[] = []

  override onEnter({ start, target }: { start: PointerAt; target: MaskTarget }): void {
    const { brush, config } = this.editor
    this.target = target
    this.canvas = new Canvas(config.video, target.shape)
    this.erases = brush.erases.value !== start.alt
    this.square = brush.square.value
    this.radius = brush.size.value / 2
    this.at = start.shift && lastEnd ? lastEnd : start.point
    this.goTo(start.point)
  }

  override onPointerMove(at: PointerAt): void {
    this.goTo(at.point)
  }

  override onPointerUp(): void {
    lastEnd = this.at
    putMask(this.editor, this.target, this.canvas.toMask(), !this.erases, this.erases ? 'Erase' : 'Paint')
    this.end()
  }

  override onCancel(): void {
    this.end()
  }

  override get tip(): boolean {
    return true
  }

  /** Every place of the pointer counts, also those between two frames of the page. */
  override get detailed(): boolean {
    return true
  }

  override cursor(): string {
    return 'none'
  }

  private goTo(to: Point): void {
    const stretch = { from: this.at, to, radius: this.radius }
    this.canvas.touched(stamp(this.canvas.bitmap, stretch.from, to, this.radius, this.square, this.erases ? 0 : 1))
    this.stretches.push(stretch)
    this.at = to
    const { track, shape, label } = this.target
    const colour = (shape?.track.colour ?? '') || label.colour
    this.editor.painting.value = {
      track,
      base: shape,
      colour,
      square: this.square,
      erases: this.erases,
      stretches: this.stretches,
    }
  }

  private end(): void {
    this.editor.painting.value = null
    this.machine.idle()
  }
}
