import type { Box, Point } from '@/geometry/box'
import type { Geometry } from '@/geometry/kinds'
import { drawRuns, emptyBitmap, encodeMask, type Bitmap } from '@/geometry/rle'
import type { TrackId } from '@/store/types'

/** One stretch of a stroke, px of the video. */
export interface Stretch {
  readonly from: Point
  readonly to: Point
  readonly radius: number
}

/** A stroke under way: what it began from, and where the tip has been. Who draws it goes on where it stopped. */
export interface Painting {
  /** The object painted on; null: a new one. */
  readonly track: TrackId | null
  readonly base: Geometry | null
  readonly colour: string
  readonly square: boolean
  readonly erases: boolean
  readonly stretches: readonly Stretch[]
  /** The only frame that it is shown on; absent: any. */
  readonly frame?: number
}

/** A bitmap as large as the frame with a mask in it, and the part of it that may hold pixels. */
export class Canvas {
  readonly bitmap: Bitmap
  private content: Box | null

  constructor(frame: { width: number; height: number }, base: Geometry | null) {
    this.bitmap = emptyBitmap({ left: 0, top: 0, width: frame.width, height: frame.height })
    this.content = base && base.bounds
    if (base) drawRuns(this.bitmap, base)
  }

  /** Note that pixels in a box were set. */
  touched(box: Box): void {
    const content = this.content ?? box
    this.content = [
      Math.min(content[0], box[0]),
      Math.min(content[1], box[1]),
      Math.max(content[2], box[2]),
      Math.max(content[3], box[3]),
    ]
  }

  /** The mask that it holds; null when it is empty. */
  toMask(): Geometry | null {
    return this.content && encodeMask(this.bitmap, this.content)
  }
}
