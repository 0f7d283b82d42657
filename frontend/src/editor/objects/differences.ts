/** Where two compared layers differ: going there, and what it is called. */
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { DifferenceOut } from '@/protocol/generated'
import { nameOf } from './name'

/** Show it: its first frame, its track of the shown layer selected, that of the other one drawn thicker. */
export function goToDifference(editor: Editor, difference: DifferenceOut): void {
  const { comparing, records } = editor.store
  comparing.current.value = difference
  editor.playback?.pause()
  editor.goTo(difference.first)
  const own = comparing.ownTrack(difference)
  const known = own === null ? null : records.track(own)
  if (known && !known.deleted) editor.session.select(known.id)
  else editor.session.select()
}

/** The name of what is missed, extra, … in words of the layer that has it. */
export function objectOf(editor: Editor, difference: DifferenceOut): string {
  const own = editor.store.comparing.ownTrack(difference)
  if (own !== null) return nameOf(editor, own)
  const other = editor.store.comparing.otherIsReference.value ? difference.reference : difference.compared
  const track = other && editor.store.comparing.layer.value?.records.track(other)
  return track ? nameOf(editor, track) : t('an object')
}
