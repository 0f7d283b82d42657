import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import { limitsOf, moveEdge, stateAt } from '@/editor/time/edges'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false, when: (editor: Editor) => editor.timeline !== null } as const

/** The chosen range, else the extent of the selected tracks; null: neither. */
function chosenFrames(editor: Editor): readonly [number, number] | null {
  if (editor.session.range.value) return editor.session.range.value
  const extents = editor
    .selected()
    .map((track) => editor.store.extentOf(track))
    .filter((extent) => extent !== null)
  if (!extents.length) return null
  return [Math.min(...extents.map(([first]) => first)), Math.max(...extents.map(([, last]) => last))]
}

function showChosen(editor: Editor): void {
  const frames = chosenFrames(editor)
  if (frames) editor.timeline?.show(...frames)
  else editor.timeline?.whole()
}

/** Move the selected tracks' keyframes on this frame by one frame, and go along. Those that can't go stay. */
function moveKeyframes(editor: Editor, by: 1 | -1): void {
  const { store, session } = editor
  const frame = session.frame.value
  const to = frame + by
  const movable = editor.selected().filter((track) => {
    const rows = store.records.rows(track)
    const [least, most] = limitsOf(rows, { kind: 'keyframe', frame }, editor.bounds[1])
    return stateAt(rows, frame) === 'keyframe' && to >= least && to <= most && editor.mayEdit(track)
  })
  if (!movable.length) {
    session.tell(t('No keyframe of the selected objects can move there.'))
    return
  }
  store.transact('Move keyframe in time', (tx) =>
    movable.forEach((track) => moveEdge(tx, store.queries, track, { kind: 'keyframe', frame }, to)),
  )
  editor.step(by)
  editor.following.edited(movable, to)
}

const move = {
  group: 'Shapes',
  undoable: true,
  when: (editor: Editor) => editor.selected().length > 0,
  needs: 'Select an object first.',
} as const

export const TIMELINE: readonly Command[] = [
  {
    ...look,
    id: 'timeline.zoom-in',
    label: 'Zoom in on the timeline',
    help: 'Around the playhead, down to single frames.',
    keys: ['Ctrl+ArrowUp', 'Ctrl+Shift+ArrowUp'],
    run: (editor) => editor.timeline?.zoom(2),
  },
  {
    ...look,
    id: 'timeline.zoom-out',
    label: 'Zoom out of the timeline',
    help: 'Around the playhead, up to the whole video.',
    keys: ['Ctrl+ArrowDown', 'Ctrl+Shift+ArrowDown'],
    run: (editor) => editor.timeline?.zoom(0.5),
  },
  {
    ...look,
    id: 'timeline.whole',
    label: 'Whole video on the timeline',
    help: 'Shows all frames at once.',
    keys: ['Ctrl+Home'],
    run: (editor) => editor.timeline?.whole(),
  },
  {
    ...look,
    id: 'timeline.fit',
    label: 'Selection on the timeline',
    help: 'Shows the chosen frames, or those of the selected objects.',
    keys: ['Ctrl+End'],
    run: showChosen,
  },
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
  {
    ...move,
    id: 'keyframe.earlier',
    label: 'Keyframe one frame earlier',
    help: 'Moves the keyframe on this frame, up to the one before it.',
    keys: ['Alt+Shift+ArrowLeft'],
    run: (editor) => moveKeyframes(editor, -1),
  },
  {
    ...move,
    id: 'keyframe.later',
    label: 'Keyframe one frame later',
    help: 'Moves the keyframe on this frame, up to the one after it.',
    keys: ['Alt+Shift+ArrowRight'],
    run: (editor) => moveKeyframes(editor, 1),
  },
]
