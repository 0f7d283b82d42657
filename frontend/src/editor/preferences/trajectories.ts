import { count, flag, oneOf } from './fields'
import { kept } from './kept'

export const LONGEST = 500
export const FARTHEST_JUMP_PX = 2000
/** Which place of an object its way goes through. */
export const ANCHORS = ['centre', 'bottom'] as const
export type Anchor = (typeof ANCHORS)[number]

/** How objects' ways are shown. */
export class TrajectorySettings extends kept({
  on: flag(false),
  /** Of every visible object, or of the selected ones. */
  all: flag(false),
  /** Frames before the current one. */
  back: count(50, 0, LONGEST),
  /** Frames after it. */
  ahead: count(50, 0, LONGEST),
  anchor: oneOf(ANCHORS, 'centre'),
  /** Moving farther than so many px from one frame to the next is marked: an object hardly does, a mixed-up one does. */
  jump: count(60, 1, FARTHEST_JUMP_PX),
  /** The selected objects as they are on the keyframes on both sides of the current frame. */
  onion: flag(false),
}) {}
