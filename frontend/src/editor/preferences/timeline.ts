import { oneOf } from './fields'
import { kept } from './kept'

/** What the timeline's ruler counts. */
export const UNITS = ['frames', 'time'] as const
export type Units = (typeof UNITS)[number]

/** How a person likes the timeline. */
export class TimelineSettings extends kept({ units: oneOf(UNITS, 'frames') }) {}
