/** What is done with objects picked in the list, one or thousands: each is one step of undo. */
import { counted, t } from '@/core/text'
import { relabelled } from '@/editor/objects/attributes'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { isTagLabel } from '@/editor/time/frame-tags'
import { openMenuOfSelection } from '@/editor/objects/menu'
import type { FrameNumber, Label, Track, TrackId } from '@/store/types'

/** The tracks of `ids` that this person may change; says why where one can't be. */
function editable(editor: Editor, ids: readonly TrackId[]): TrackId[] {
  return ids.filter((id) => editor.mayEdit(id))
}

const ofSeveral = (verb: string, ids: readonly TrackId[]) =>
  ids.length === 1 ? verb : `${verb} (${ids.length} objects)`

/** The labels that tracks can have instead: objects and frame tags are not each other. */
export function labelsFor(editor: Editor, tracks: readonly Track[]): Label[] {
  const tags = new Set(tracks.map(({ label }) => isTagLabel(editor.label(label) ?? { geometry_kinds: [] })))
  if (tags.size !== 1) return []
  return editor.config.labels.filter(
    (label) => tags.has(isTagLabel(label)) && tracks.every((track) => mayBeDrawn(editor, track, label)),
  )
}

/** Whether a label is for shapes as a track's first one is, so far as it is loaded; of a skeleton, with as many joints. */
function mayBeDrawn(editor: Editor, { id, label: former }: Track, label: Label): boolean {
  const { queries } = editor.store
  const extent = queries.extent(id)
  const kind = extent && queries.rowAt(id, extent[0])?.kind
  if (!kind || former === label.id) return true
  const joints = editor.label(former)?.skeleton?.joints.length
  return label.geometry_kinds.includes(kind) && (kind !== 'skeleton' || label.skeleton?.joints.length === joints)
}

/** Values of attributes go along where the new label has the same attribute. Objects that it isn't for keep theirs. */
export function relabel(editor: Editor, ids: readonly TrackId[], label: Label): void {
  const tracks = editable(editor, ids).flatMap((id) => editor.store.records.track(id) ?? [])
  const fitting = tracks.filter((track) => labelsFor(editor, [track]).includes(label))
  const unfit = tracks.length - fitting.length
  if (unfit)
    editor.session.tell(
      counted(
        unfit,
        '{label} isn’t for shapes like one of these objects. Allow them in the project’s labels first.',
        '{label} isn’t for shapes like {count} of these objects. Allow them in the project’s labels first.',
        { label: label.name },
      ),
      'error',
    )
  const others = fitting.filter((track) => track.label !== label.id)
  if (!others.length) return
  editor.store.transact(
    ofSeveral(
      `Label ${label.name}`,
      others.map(({ id }) => id),
    ),
    (tx) => {
      for (const track of others) tx.updateTrack(track.id, relabelled(track, editor.label(track.label), label))
    },
  )
}

/** #rrggbb; empty: the label's again. */
export function recolour(editor: Editor, ids: readonly TrackId[], colour: string): void {
  const tracks = editable(editor, ids)
  editor.store.transact(ofSeveral('Recolour', tracks), (tx) => tracks.forEach((id) => tx.updateTrack(id, { colour })))
}

export function setLocked(editor: Editor, ids: readonly TrackId[], locked: boolean): void {
  if (!editor.config.can_edit) return
  const tracks = ids.filter((id) => editor.store.records.track(id)?.locked !== locked)
  editor.store.transact(ofSeveral(locked ? 'Lock' : 'Unlock', tracks), (tx) =>
    tracks.forEach((id) => tx.updateTrack(id, { locked })),
  )
}

/** Give a track another number, if no other has it. Returns whether it could be; the server checks again. */
export function renumber(editor: Editor, id: TrackId, number: number): boolean {
  if (!Number.isInteger(number) || number < 1) {
    editor.session.tell(t('A track’s number is a whole number from 1.'), 'error')
    return false
  }
  if (!editor.mayEdit(id)) return false
  const owner = [...editor.store.records.tracks.value.values()].find(
    (track) => track.number === number && track.id !== id,
  )
  if (owner) {
    const name = owner.deleted ? t('a deleted track') : `${editor.label(owner.label)?.name ?? t('a track')} ${number}`
    editor.session.tell(t('The number {number} belongs to {name}. Choose another one.', { number, name }), 'error')
    return false
  }
  editor.store.transact(`Number ${number}`, (tx) => tx.updateTrack(id, { number }))
  return true
}

/** First and last frame of a track, as far as is known here; null without shapes. */
export function extentOf(editor: Editor, id: TrackId): readonly [FrameNumber, FrameNumber] | null {
  const { overview, records } = editor.store
  const summary = overview.summaries.value.get(id) ?? records.rows(id).summary()
  return summary && [summary.first, summary.last]
}

/** Go to where the selected tracks begin, or end. */
function goToEnd(editor: Editor, end: 'first' | 'last'): void {
  const extents = editor.selected().flatMap((id) => {
    const extent = extentOf(editor, id)
    return extent ? [extent] : []
  })
  if (!extents.length) return
  const frame =
    end === 'first' ? Math.min(...extents.map(([first]) => first)) : Math.max(...extents.map(([, last]) => last))
  editor.step(frame - editor.session.frame.value)
}

const withSelection = {
  when: (editor: Editor) => editor.selected().length > 0,
  needs: 'Select an object first.',
} as const

export const OBJECTS: readonly Command[] = [
  {
    id: 'select.menu',
    label: 'Menu of the selection',
    group: 'Tracks',
    help: 'Lists what can be done with the selected objects; the right button does too.',
    keys: ['Shift+F10', 'ContextMenu'],
    undoable: false,
    ...withSelection,
    run: openMenuOfSelection,
  },
  {
    id: 'track.first-frame',
    label: 'Where it begins',
    group: 'Tracks',
    help: 'Goes to the first frame of the selected objects.',
    keys: ['Shift+Home'],
    undoable: false,
    ...withSelection,
    run: (editor) => goToEnd(editor, 'first'),
  },
  {
    id: 'track.last-frame',
    label: 'Where it ends',
    group: 'Tracks',
    help: 'Goes to the last frame of the selected objects.',
    keys: ['Shift+End'],
    undoable: false,
    ...withSelection,
    run: (editor) => goToEnd(editor, 'last'),
  },
  {
    id: 'track.label-colour',
    label: 'Colour of the label again',
    group: 'Tracks',
    help: 'Takes the colours of their own from the selected objects.',
    keys: ['Alt+Shift+C'],
    undoable: true,
    ...withSelection,
    run: (editor) =>
      recolour(
        editor,
        editor.selected().filter((id) => editor.store.records.track(id)?.colour),
        '',
      ),
  },
  {
    id: 'select.listed',
    label: 'Select all in the list',
    group: 'Tracks',
    help: 'Selects every object that the list shows, on whatever frame.',
    keys: ['Ctrl+Shift+A'],
    undoable: false,
    run: (editor) => editor.session.select(...editor.list.shown.value.map(({ id }) => id)),
  },
]
