/** What a detector found and nobody followed for long: a person takes each or dismisses it. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { TrackFields } from '@/protocol/generated'
import type { TrackId } from '@/store/types'

export function take(editor: Editor, tracks = meant(editor)): void {
  const names = namesOf(editor, tracks)
  decide(editor, tracks, counted(tracks.length, 'Take {count} candidate', 'Take {count} candidates'), {
    candidate: false,
  })
  if (names) editor.session.tell(t('Took {names}.', { names }))
}

export function dismiss(editor: Editor, tracks = meant(editor)): void {
  const names = namesOf(editor, tracks)
  tracks.forEach((track) => editor.store.runs.release(track))
  decide(editor, tracks, counted(tracks.length, 'Dismiss {count} candidate', 'Dismiss {count} candidates'), {
    deleted: true,
  })
  if (names) editor.session.tell(t('Dismissed {names}.', { names }))
}

/** The selected candidates; where none is selected the first that is on this frame. What nobody has seen isn't decided:
 * where none is here, the first one is shown instead. */
function meant(editor: Editor): TrackId[] {
  const { session, store } = editor
  const all = editor.list.candidates.value.map(({ id }) => id)
  const selected = all.filter((id) => session.selection.value.has(id))
  if (selected.length) return selected
  const here = all.filter((id) => store.queries.shapeAt(id, session.frame.value)).slice(0, 1)
  if (!here.length && all[0] && editor.config.can_edit) {
    editor.visit(all[0])
    session.tell(t('No candidate was on this frame. This is the first one: press the key again to decide on it.'))
  }
  return here
}

function namesOf(editor: Editor, tracks: readonly TrackId[]): string {
  if (!editor.config.can_edit) return ''
  const [only, ...more] = tracks
  if (more.length) return counted(tracks.length, '{count} candidate', '{count} candidates')
  const track = only && editor.store.records.track(only)
  return track ? nameOf(editor, track) : ''
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
