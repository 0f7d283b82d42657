import { flag, count } from './fields'
import { kept } from './kept'

export const SMALLEST_TIP_PX = 1
export const LARGEST_TIP_PX = 400

const Kept = kept({
  /** Of the tip, px of the video. */
  size: count(30, SMALLEST_TIP_PX, LARGEST_TIP_PX),
  square: flag(false),
  /** Whether it takes pixels away; Alt does the other thing for once. */
  erases: flag(false),
  /** Whether what is painted is taken from the other masks of the frame. */
  alone: flag(false),
})

/** The brush. */
export class BrushSettings extends Kept {
  /** By a fifth, and at least a pixel. */
  resize(direction: 1 | -1): void {
    const size = this.size.value
    const by = Math.max(Math.round(size * 0.2), 1)
    this.size.value = Math.min(Math.max(size + direction * by, SMALLEST_TIP_PX), LARGEST_TIP_PX)
  }
}
