import { maybe, number } from './fields'
import { kept } from './kept'

/** CSS px; wider and higher than any window. */
const LARGEST_PX = 100_000

/** How the page is divided, in CSS px; null: as wide or high as the window suggests. */
export class LayoutSettings extends kept({
  sideWidth: maybe(number(0, 0, LARGEST_PX)),
  timelineHeight: maybe(number(0, 0, LARGEST_PX)),
}) {}
