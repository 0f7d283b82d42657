/** Boxes smaller than this, in video px, come from a slip of the hand. */
export const SMALLEST_PX = 2
