import type { Kind } from './kind'

/** Marks whole frames: it has no place, so nothing is drawn of it and nothing hits it. */
export const TAG: Kind = {
  name: 'frame tag',
  outlines: () => [],
  grips: () => [],
  gripped: () => null,
  moved: (shape) => shape,
  contains: () => false,
  area: () => 0,
  between: (before) => before,
  distance: () => 0,
}
