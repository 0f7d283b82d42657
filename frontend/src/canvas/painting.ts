/** The stroke under way, on a canvas of its own: each move adds what is new, and nothing else is drawn again. */
import type { Painting, Stretch } from '@/editor/masks/brush'
import { matrixOf, type View } from '@/geometry/view-transform'
import { maskImage } from './kinds/mask'

export class PaintLayer {
  private painted: readonly Stretch[] | null = null
  private count = 0
  private view: View | null = null

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly ratio: () => number,
  ) {}

  /** Where the page's size changed, all of it is drawn again. */
  reset(): void {
    this.view = null
  }

  draw(painting: Painting | null, view: View): void {
    const context = this.canvas.getContext('2d')!
    if (!painting || painting.stretches !== this.painted || view !== this.view) this.begin(context, painting, view)
    if (!painting) return
    context.setTransform(...matrixOf(view, this.ratio()))
    context.globalCompositeOperation = painting.erases ? 'destination-out' : 'source-over'
    context.strokeStyle = context.fillStyle = painting.colour
    context.lineCap = context.lineJoin = 'round'
    for (; this.count < painting.stretches.length; this.count++)
      paintStretch(context, painting.stretches[this.count]!, painting.square)
    context.globalCompositeOperation = 'source-over'
  }

  private begin(context: CanvasRenderingContext2D, painting: Painting | null, view: View): void {
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.painted = painting?.stretches ?? null
    this.count = 0
    this.view = view
    if (!painting?.base) return
    const { image, left, top, step } = maskImage(painting.base, painting.colour)
    context.setTransform(...matrixOf(view, this.ratio()))
    context.imageSmoothingEnabled = false
    context.drawImage(image, left, top, image.width * step, image.height * step)
  }
}

function paintStretch(context: CanvasRenderingContext2D, { from, to, radius }: Stretch, square: boolean): void {
  context.beginPath()
  if (!square) {
    context.lineWidth = 2 * radius
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
    context.stroke()
    return
  }
  const steps = Math.max(Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / Math.max(radius / 2, 1)), 1)
  for (let step = 0; step <= steps; step++) {
    const [x, y] = [from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps]
    context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
  }
}
