import type { FrameNumber, TrackId } from '@/store/types'

/** What commands and buttons can ask of the timeline. */
export interface TimelineControl {
  /** First and last frame in view. */
  inView(): readonly [FrameNumber, FrameNumber]
  /** Zoom around the playhead; above 1: in. */
  zoom(factor: number): void
  /** Show the whole video. */
  whole(): void
  /** Show a range of frames with some room around it. */
  show(first: FrameNumber, last: FrameNumber): void
  /** Open or close the rows of per-frame attributes. */
  toggleAttributes(tracks: readonly TrackId[]): void
}
