import { flag, number, oneOf, record, type ValueOf } from './fields'
import { kept } from './kept'

/** How enlarged pixels look: smooth while there are few px of the screen to each, or always, or never. */
export const SMOOTHING = ['automatic', 'smooth', 'sharp'] as const
export type Smoothing = (typeof SMOOTHING)[number]

/** Least and most of brightness, contrast and saturation. */
export const PICTURE_RANGE = [0.2, 3] as const
const GRID_STEP_PX = 64
/** px; wider than any video. */
const WIDEST_STEP_PX = 10_000

/** 1: as the video is. */
const PICTURE = record({
  brightness: number(1, ...PICTURE_RANGE),
  contrast: number(1, ...PICTURE_RANGE),
  saturation: number(1, ...PICTURE_RANGE),
})
export type Picture = ValueOf<typeof PICTURE>
export const PLAIN: Picture = PICTURE.initial

const Kept = kept({
  picture: PICTURE,
  smoothing: oneOf(SMOOTHING, 'automatic'),
  /** Lines through the pointer while drawing. */
  crosshair: flag(true),
  /** The pixels around the pointer, enlarged, while its exact place matters. */
  magnifier: flag(false),
  grid: flag(false),
  /** px of the video between two lines of the grid. */
  gridStep: number(GRID_STEP_PX, 1, WIDEST_STEP_PX),
})

/** How the picture is shown, and what helps to point at it; nobody else's business. */
export class ViewOptions extends Kept {
  adjust(what: keyof Picture, to: number): void {
    const [least, most] = PICTURE_RANGE
    this.picture.value = { ...this.picture.value, [what]: Math.min(Math.max(Math.round(to * 100) / 100, least), most) }
  }

  /** As a CSS filter; empty: none. */
  get filter(): string {
    const { brightness, contrast, saturation } = this.picture.value
    const parts = [
      ['brightness', brightness],
      ['contrast', contrast],
      ['saturate', saturation],
    ] as const
    return parts
      .filter(([, value]) => value !== 1)
      .map(([name, value]) => `${name}(${value})`)
      .join(' ')
  }
}
