/** What people call a track. */
import { t } from '@/core/text'
import type { Track, TrackId } from '@/store/types'
import type { Editor } from '@/editor/editor'

/** "car 7"; a track has no number before the server gave it one. Of one that isn't known here: "an object". */
export function nameOf(editor: Editor, track: Track | TrackId): string {
  const known = typeof track === 'string' ? editor.store.records.track(track) : track
  if (!known) return t('an object')
  const name = editor.label(known.label)?.name ?? t('object')
  return known.number > 0 ? `${name} ${known.number}` : name
}
