/** The smart tool's clicks on one object of one frame, before they are accepted. */
import type { Box } from '@/geometry/box'
import type { SmartClick } from '@/store/smart'
import type { FrameNumber } from '@/store/types'

export interface Clicks {
  readonly frame: FrameNumber
  readonly points: readonly SmartClick[]
  /** A box around the object; null: none was drawn. */
  readonly box: Box | null
}
