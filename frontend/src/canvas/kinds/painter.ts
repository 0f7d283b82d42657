import type { View } from '@/geometry/view-transform'
import type { Geometry } from '@/geometry/kinds'

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
export type Painter = (context: CanvasRenderingContext2D, view: View, shape: Geometry, look: Look) => void

/** A dark line below keeps a colour visible on a picture of the same colour; CSS px wider. */
export const UNDERLINE = 'rgba(0, 0, 0, 0.45)'
export const UNDERLINE_PX = 1.5

/** Stroke the current path, and fill it first. */
export function strokePath(
  context: CanvasRenderingContext2D,
  { colour, fill, lineWidth, dash }: Look,
  closed: boolean,
): void {
  if (fill && closed) {
    context.globalAlpha *= fill
    context.fillStyle = colour
    context.fill('evenodd')
    context.globalAlpha /= fill
  }
  context.setLineDash(dash as number[])
  context.lineWidth = lineWidth + UNDERLINE_PX
  context.strokeStyle = UNDERLINE
  context.stroke()
  context.lineWidth = lineWidth
  context.strokeStyle = colour
  context.stroke()
}
