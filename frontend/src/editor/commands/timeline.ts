import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false, when: (editor: Editor) => editor.timeline !== null } as const

/** The chosen range, else the extent of the selected tracks; null: neither. */
function chosenFrames(editor: Editor): readonly [number, number] | null {
  if (editor.session.range.value) return editor.session.range.value
  const extents = editor.selected().map((track) => editor.store.queries.extent(track)).filter((extent) => extent !== null)
  if (!extents.length) return null
  return [Math.min(...extents.map(([first]) => first)), Math.max(...extents.map(([, last]) => last))]
}

function showChosen(editor: Editor): void {
  const frames = chosenFrames(editor)
  if (frames) editor.timeline?.show(...frames)
  else editor.timeline?.whole()
}

export const TIMELINE: readonly Command[] = [
  { ...look, id: 'timeline.zoom-in', label: 'Zoom in on the timeline', help: 'Around the playhead, down to single frames.', keys: ['Ctrl+ArrowUp', 'Ctrl+Shift+ArrowUp'], run: (editor) => editor.timeline?.zoom(2) },
  { ...look, id: 'timeline.zoom-out', label: 'Zoom out of the timeline', help: 'Around the playhead, up to the whole video.', keys: ['Ctrl+ArrowDown', 'Ctrl+Shift+ArrowDown'], run: (editor) => editor.timeline?.zoom(0.5) },
  { ...look, id: 'timeline.whole', label: 'Whole video on the timeline', help: 'Shows all frames at once.', keys: ['Ctrl+Home'], run: (editor) => editor.timeline?.whole() },
  { ...look, id: 'timeline.fit', label: 'Selection on the timeline', help: 'Shows the chosen frames, or those of the selected objects.', keys: ['Ctrl+End'], run: showChosen },
  {
    ...look,
    id: 'timeline.attributes',
    label: 'Changing attributes on the timeline',
    help: 'Opens or closes the rows of per-frame attributes of the selected objects, or of all.',
    keys: ['Alt+A'],
    run: (editor) => {
      const selected = editor.selected()
      editor.timeline?.toggleAttributes(selected.length ? selected : editor.list.shown.value.map(({ id }) => id))
    },
  },
]
