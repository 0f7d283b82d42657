import { flag } from './fields'
import { kept } from './kept'

/** Whether the tour has been skipped or gone through. */
export class TourSettings extends kept({ seen: flag(false) }) {}
