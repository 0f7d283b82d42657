import { counted } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import type { TrackId } from '@/store/types'

/** Bring deleted tracks back, with all of their shapes, and select them. */
export function restoreTracks(editor: Editor, tracks: readonly TrackId[]): void {
  const deleted = tracks.filter((track) => editor.store.records.track(track)?.deleted)
  if (!deleted.length || !editor.config.can_edit) return
  const summary = deleted.length === 1 ? 'Restore track' : `Restore ${deleted.length} tracks`
  editor.store.transact(summary, (tx) => deleted.forEach((track) => tx.updateTrack(track, { deleted: false })))
  editor.session.select(...deleted)
  const first = Math.min(...deleted.map((track) => editor.store.queries.extent(track)?.[0] ?? Infinity))
  const elsewhere =
    Number.isFinite(first) && !deleted.some((track) => editor.store.queries.shapeAt(track, editor.session.frame.value))
  editor.session.tell(
    counted(deleted.length, 'Restored, with all of its shapes.', '{count} objects restored, with all of their shapes.'),
    'info',
    elsewhere ? first : null,
  )
}

function toggle(editor: Editor, page: 'changes' | 'deleted'): void {
  editor.historyOpen.value = editor.historyOpen.value === page ? null : page
  // They share their place.
  editor.inspection.close()
  editor.issues.hide()
  editor.joins.close()
}

export const HISTORY: readonly Command[] = [
  {
    id: 'view.history',
    label: 'History',
    group: 'View',
    help: 'Shows who changed what and when, and brings back what was.',
    synonyms: 'changes versions revisions restore log',
    keys: ['Ctrl+H'],
    undoable: false,
    run: (editor) => toggle(editor, 'changes'),
  },
  {
    id: 'view.deleted',
    label: 'Deleted objects',
    group: 'View',
    help: 'Lists what was deleted, to restore it.',
    synonyms: 'trash bin restore undelete',
    keys: ['Ctrl+Shift+H'],
    undoable: false,
    run: (editor) => toggle(editor, 'deleted'),
  },
]
