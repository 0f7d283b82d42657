import type { View } from '@/geometry/view-transform'
import type { ShownShape } from '@/store/types'

/** How a shape is to look; lengths in CSS px of the canvas. */
export interface Look {
  readonly colour: string
  /** 0..1; 0: not filled. */
  readonly fill: number
  readonly lineWidth: number
  readonly dash: readonly number[]
  /** Lines between points of a skeleton, by their places in its list. */
  readonly edges: readonly (readonly [number, number])[]
}

/** Draws one kind of geometry. The context's transform is the canvas's; `view` leads from video px to it. */
export type Painter = (context: CanvasRenderingContext2D, view: View, shape: ShownShape, look: Look) => void

/** Stroke the current path, and fill it first. A dark line below keeps a colour visible on a picture of the same colour. */
export function strokePath(context: CanvasRenderingContext2D, { colour, fill, lineWidth, dash }: Look, closed: boolean): void {
  if (fill && closed) {
    context.globalAlpha = fill
    context.fillStyle = colour
    context.fill('evenodd')
    context.globalAlpha = 1
  }
  context.setLineDash(dash as number[])
  context.lineWidth = lineWidth + 1.5
  context.strokeStyle = 'rgba(0, 0, 0, 0.45)'
  context.stroke()
  context.lineWidth = lineWidth
  context.strokeStyle = colour
  context.stroke()
}
