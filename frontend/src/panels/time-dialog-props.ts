import type { Editor } from '@/editor/editor'
import type { TimeDialog } from '@/editor/time/state'

/** What every dialog about tracks and time is given. */
export interface TimeDialogProps {
  readonly editor: Editor
  readonly tracks: TimeDialog['tracks']
  readonly onClose: () => void
}
