import {
  sharedFields,
  withoutStep,
  withoutStepsFrom,
  withValue,
  withValueIn,
  type Field,
} from '@/editor/objects/attributes'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import type { TrackFields } from '@/protocol/generated'
import type { Attribute, Label, Track } from '@/store/types'

/** The selected tracks, as they are now. */
export function selectedTracks(editor: Editor): Track[] {
  return editor.selected().flatMap((id) => editor.store.records.track(id) ?? [])
}

/** The attributes that every selected track has. */
export function fieldsOf(editor: Editor, tracks: readonly Track[]): Field[] {
  const ids = [...new Set(tracks.map(({ label }) => label))]
  return sharedFields(ids.map((id) => editor.label(id)).filter((label): label is Label => label !== null))
}

/** Change an attribute of every selected track that may be edited, as one step of undo. */
function change(
  editor: Editor,
  field: Field,
  summary: string,
  fields: (track: Track, attribute: Attribute) => TrackFields,
): void {
  const tracks = selectedTracks(editor).filter(({ id }) => editor.mayEdit(id))
  if (!tracks.length) return
  editor.store.transact(summary, (tx) => {
    for (const track of tracks) tx.updateTrack(track.id, fields(track, field.attributes.get(track.label)!))
  })
}

/** From this frame on; with `range`, on its frames only; constant ones, for the whole track. Null: the default again. */
export function setAttribute(
  editor: Editor,
  field: Field,
  value: unknown,
  range: readonly [number, number] | null = null,
): void {
  const frame = editor.session.frame.value
  const end = editor.config.video.frame_count - 1
  change(editor, field, `Set ${field.name}`, (track, attribute) =>
    range && field.perFrame
      ? withValueIn(track, attribute, ...range, value, end)
      : withValue(track, attribute, frame, value),
  )
}

export function removeStep(editor: Editor, field: Field): void {
  change(editor, field, `Take ${field.name} of this frame back`, (track, attribute) =>
    withoutStep(track, attribute, editor.session.frame.value),
  )
}

export function clearFromHere(editor: Editor, field: Field): void {
  change(editor, field, `Clear ${field.name} from here on`, (track, attribute) =>
    withoutStepsFrom(track, attribute, editor.session.frame.value),
  )
}

export const ATTRIBUTES: readonly Command[] = [
  {
    id: 'attributes.focus',
    label: 'Edit attributes',
    group: 'Tracks',
    help: 'Moves the focus to the attributes of what is selected: digits choose, Tab goes on, Escape goes back to the picture.',
    keys: ['Shift+A'],
    undoable: false,
    when: (editor) => fieldsOf(editor, selectedTracks(editor)).length > 0,
    needs: 'Select an object whose label has attributes first.',
    run: (editor) => {
      editor.panels.open('attributes')
      editor.focusPanel('attributes')
    },
  },
]
