import { area } from '../box'
import { BOX } from './box'
import type { Kind } from './kind'

/** A kind that is shown by its bounds and held between keyframes. */
export const held = (name: string): Kind => ({
  ...BOX,
  name,
  grips: () => [],
  gripped: () => null,
  moved: (shape) => shape,
  area: ({ bounds }) => area(bounds),
  between: (before) => before,
})
