/** The smart tool's clicks on one object of one frame, before they are accepted, or as they were. */
import type { Box } from '@/geometry/box'
import type { Editor } from '@/editor/editor'
import type { SmartClick } from '@/store/smart'
import type { FrameNumber } from '@/store/types'

export interface Clicks {
  readonly frame: FrameNumber
  readonly points: readonly SmartClick[]
  /** A box around the object; null: none was drawn. */
  readonly box: Box | null
}

/** What the selected mask of this frame was clicked with, with the smart tool in hand; what isn't known is asked for. */
export function keptClicks(editor: Editor): Clicks | null {
  const { session, store, clickedMasks } = editor
  const frame = session.frame.value
  // Another mask, and the server's answer, change what is known.
  editor.selectionHere.value
  clickedMasks.version.value
  const [track, ...others] = session.tool.value === 'smart' ? editor.selected() : []
  const known = track && !others.length ? clickedMasks.look(store.queries.shapeAt(track, frame), frame) : null
  return known && { frame, points: known.clicks, box: known.box }
}
