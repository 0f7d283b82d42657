import { maybe, number, text } from './fields'
import { kept } from './kept'

export const ROUGHEST_PX = 20

const Kept = kept({
  /** Which model answers clicks, by its id in the catalogue; null: the default. */
  model: maybe(text('')),
  /** px by which a mask's outline may be simplified when it becomes a polygon. */
  tolerance: number(1, 0, ROUGHEST_PX),
})

/** The smart tool, and what becomes of its masks. */
export class SmartSettings extends Kept {}
