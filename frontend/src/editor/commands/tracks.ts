import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { isTagLabel, toggleTag } from '@/editor/time/frame-tags'
import type { Label } from '@/store/types'
import { labelsFor, relabel } from './objects'

const withSelection = {
  when: (editor: Editor) => editor.selected().length > 0,
  needs: 'Select an object first.',
} as const

/** Walk through the objects on this frame. */
function selectNext(editor: Editor, by: number): void {
  const tracks = editor.visibleShapes().map(({ track }) => track.id)
  if (!tracks.length) return
  const [current] = editor.selected()
  const index = current ? tracks.indexOf(current) : -1
  const next = index < 0 ? (by > 0 ? 0 : tracks.length - 1) : (index + by + tracks.length) % tracks.length
  editor.session.select(tracks[next]!)
}

function toggleLock(editor: Editor): void {
  const tracks = editor.selected()
  const lock = tracks.some((track) => !editor.store.records.track(track)?.locked)
  editor.store.transact(lock ? 'Lock' : 'Unlock', (tx) =>
    tracks.forEach((track) => tx.updateTrack(track, { locked: lock })),
  )
}

export function deleteTracks(editor: Editor, tracks: readonly string[]): void {
  const count = tracks.length
  if (!count || !editor.config.can_edit) return
  editor.question.value = {
    title: count === 1 ? 'Delete the whole track?' : `Delete ${count} whole tracks?`,
    text: 'It goes from every frame. You can take this back with undo.',
    confirm: 'Delete',
    onConfirm: () => {
      for (const track of tracks) {
        editor.store.runs.release(track)
      }
      editor.store.transact(count === 1 ? 'Delete track' : `Delete ${count} tracks`, (tx) =>
        tracks.forEach((track) => tx.updateTrack(track, { deleted: true })),
      )
      editor.session.select()
    },
  }
}

/** The label that a key stands for: its own, or for one without a key its place in the list. */
export function labelOfKey(labels: readonly Label[], key: string): Label | null {
  const own = labels.find(({ hotkey }) => hotkey.toUpperCase() === key)
  const listed = /^[1-9]$/.test(key) ? labels[Number(key) - 1] : undefined
  return own ?? (listed?.hotkey === '' ? listed : null)
}

/** The key that stands for a label, for people; `index`: its place in the list. */
export function keyOfLabel({ keymap }: Editor, label: Label, index: number): string {
  const digit = label.hotkey || String(index + 1)
  if (/^[1-9]$/.test(digit)) return keymap.shown(`label.${digit}`) || keymap.print(digit)
  return label.hotkey && keymap.print(label.hotkey.toUpperCase())
}

/** Give the selected tracks a label; where none of them may have it, the next object gets it. A frame tag begins or ends here. */
export function chooseLabel(editor: Editor, label: Label): void {
  if (isTagLabel(label)) {
    toggleTag(editor, label)
    return
  }
  const others = editor
    .selected()
    .flatMap((id) => editor.store.records.track(id) ?? [])
    .filter((track) => track.label !== label.id)
  const tracks = others.filter((track) => labelsFor(editor, [track]).includes(label)).map(({ id }) => id)
  if (tracks.length && editor.config.can_edit && editor.session.tool.value === 'select') {
    relabel(editor, tracks, label)
  } else editor.session.activeLabel.value = label.id
}

const labels: Command[] = Array.from({ length: 9 }, (_, index) => ({
  id: `label.${index + 1}`,
  label: `Label ${index + 1}`,
  group: 'Tracks',
  help: 'Gives the selected tracks that label, or draws the next object with it. A frame tag begins or ends on this frame.',
  keys: [String(index + 1)],
  undoable: true,
  run: (editor) => {
    const label = labelOfKey(editor.config.labels, String(index + 1))
    if (label) chooseLabel(editor, label)
  },
}))

export const TRACKS: readonly Command[] = [
  {
    id: 'select.next',
    label: 'Next object',
    group: 'Tracks',
    help: 'Selects the next object on this frame.',
    keys: ['Tab'],
    undoable: false,
    run: (editor) => selectNext(editor, 1),
  },
  {
    id: 'select.previous',
    label: 'Previous object',
    group: 'Tracks',
    help: 'Selects the previous object on this frame.',
    keys: ['Shift+Tab'],
    undoable: false,
    run: (editor) => selectNext(editor, -1),
  },
  {
    id: 'select.all',
    label: 'Select all',
    group: 'Tracks',
    help: 'Selects every object on this frame.',
    keys: ['Ctrl+A'],
    undoable: false,
    run: (editor) => editor.session.select(...editor.visibleShapes().map(({ track }) => track.id)),
  },
  {
    id: 'track.lock',
    label: 'Lock or unlock',
    group: 'Tracks',
    help: 'A locked track can’t be changed by accident.',
    synonyms: 'protect',
    keys: ['L'],
    undoable: true,
    ...withSelection,
    run: toggleLock,
  },
  {
    id: 'track.hide',
    label: 'Hide or show',
    group: 'Tracks',
    help: 'Only here, not for others.',
    synonyms: 'visibility eye',
    keys: ['H'],
    undoable: false,
    ...withSelection,
    run: (editor) => editor.session.toggleHidden(...editor.selected()),
  },
  {
    id: 'track.hide-all',
    label: 'Hide or show all',
    group: 'Tracks',
    help: 'Only here, not for others.',
    keys: ['Shift+H'],
    undoable: false,
    run: (editor) => editor.session.toggleHidden(...editor.store.records.tracks.value.keys()),
  },
  {
    id: 'track.delete',
    label: 'Delete whole track',
    group: 'Tracks',
    help: 'Removes the selected tracks from every frame; asks before.',
    synonyms: 'remove',
    keys: ['Ctrl+Shift+Delete'],
    undoable: true,
    ...withSelection,
    run: (editor) => deleteTracks(editor, editor.selected()),
  },
  ...labels,
]
