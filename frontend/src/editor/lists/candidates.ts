/** What a detector found and nobody followed for long: a person takes each or dismisses it. */
import { counted } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { TrackFields } from '@/protocol/generated'
import type { TrackId } from '@/store/types'

export function take(editor: Editor, tracks = meant(editor)): void {
  decide(editor, tracks, counted(tracks.length, 'Take {count} candidate', 'Take {count} candidates'), {
    candidate: false,
  })
}

export function dismiss(editor: Editor, tracks = meant(editor)): void {
  tracks.forEach((track) => editor.store.runs.release(track))
  decide(editor, tracks, counted(tracks.length, 'Dismiss {count} candidate', 'Dismiss {count} candidates'), {
    deleted: true,
  })
}

/** The selected candidates; where none is selected the first of all. */
function meant(editor: Editor): TrackId[] {
  const all = editor.list.candidates.value.map(({ id }) => id)
  const selected = all.filter((id) => editor.session.selection.value.has(id))
  return selected.length ? selected : all.slice(0, 1)
}

function decide(editor: Editor, tracks: readonly TrackId[], summary: string, fields: TrackFields): void {
  if (!tracks.length || !editor.config.can_edit) return
  const before = editor.list.candidates.value
  const place = before.findIndex(({ id }) => tracks.includes(id))
  editor.store.transact(summary, (tx) => tracks.forEach((track) => tx.updateTrack(track, fields)))
  const rest = editor.list.candidates.value
  const next = rest[Math.min(place, rest.length - 1)]
  if (next) editor.visit(next.id)
  else editor.session.select()
}
