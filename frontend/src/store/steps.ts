/** Values of attributes that change along a track: [frame, value] pairs, each in force until the next one. Pure. */
import type { FrameNumber, Track } from './types'

/** A value and the frame from which it holds. */
export type Step = readonly [frame: FrameNumber, value: unknown]
/** In rising order, each frame once. */
export type Steps = readonly Step[]
/** Steps by the attribute's id. */
export type FrameAttributes = Track['frame_attributes']

/** The value in force on a frame; null before the first step. */
export function valueAt(steps: Steps, frame: FrameNumber): unknown {
  return steps.findLast(([from]) => from <= frame)?.[1] ?? null
}

/** Those that begin before a frame. */
export const stepsBefore = (steps: Steps, at: FrameNumber): Steps => steps.filter(([frame]) => frame < at)

/** Those that begin after a frame. */
export const stepsAfter = (steps: Steps, at: FrameNumber): Steps => steps.filter(([frame]) => frame > at)

/** The steps in force from a frame on: the one that holds there begins on it. */
export function stepsFrom(steps: Steps, at: FrameNumber): Steps {
  const held = valueAt(steps, at)
  return held === null ? stepsAfter(steps, at) : [[at, held], ...stepsAfter(steps, at)]
}

/** Without steps that change nothing. */
export function simplified(steps: Steps): Steps {
  return steps.filter(
    ([, value], index) => JSON.stringify(value) !== JSON.stringify(index ? steps[index - 1]![1] : null),
  )
}

/** Other steps for each attribute. */
export function mapSteps(attributes: FrameAttributes, work: (steps: Steps, id: string) => Steps): FrameAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([id, steps]) => [id, work(steps, id)]))
}
