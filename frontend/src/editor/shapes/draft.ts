import type { Point } from '@/geometry/box'

/** What is being drawn, before it is an object. px of the frame. */
export interface Draft {
  readonly points: readonly Point[]
  /** Joined by lines; otherwise single points. */
  readonly joined: boolean
  readonly closed: boolean
  /** Where the next point sticks to a neighbour. */
  readonly stuck: Point | null
  /** The line alone, without its points. */
  readonly bare?: boolean
}
