import { maskArea, maskContains, movedMask, sameMask } from '../rle'
import { contains as inBox } from '../box'
import type { Kind } from './kind'

/** Pixels. A mask is held until the next one: there is nothing between two of them. */
export const MASK: Kind = {
  name: 'mask',
  outlines: () => [],
  grips: () => [],
  gripped: () => null,
  moved: movedMask,
  contains: (shape, point) => inBox(shape.bounds, point) && maskContains(shape, point),
  area: maskArea,
  between: (before) => before,
  distance: (a, b) => (sameMask(a, b) ? 0 : Infinity),
}
