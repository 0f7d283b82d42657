import type { Editor } from '@/editor/editor'
import { MergeDialog } from './merge-dialog'
import { PropagateDialog } from './propagate-dialog'
import { RangeDialog } from './range-dialog'
import { ThinDialog } from './thin-dialog'

const DIALOGS = { merge: MergeDialog, propagate: PropagateDialog, range: RangeDialog, thin: ThinDialog }

/** The dialog about tracks and time that is open, if one is. */
export function TimeDialogs({ editor }: { editor: Editor }) {
  const open = editor.time.dialog.value
  if (!open) return null
  const Dialog = DIALOGS[open.kind]
  return <Dialog editor={editor} tracks={open.tracks} onClose={() => (editor.time.dialog.value = null)} />
}
