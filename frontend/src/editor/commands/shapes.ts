import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { keepBefore, keyframeOf, removeHere } from '@/editor/shapes/removal'
import { lastFrame, shared, whenLoaded } from '@/editor/time/edit'
import { removeHovered } from '@/editor/shapes/vertices'
import { deleteFrom } from '@/editor/time/range'
import { kindOf } from '@/geometry/kinds'
import { directionInVideo } from '@/geometry/view-transform'
import { keyframe } from '@/store/chunks'
import type { TrackId } from '@/store/types'
import type { Transaction } from '@/store/transaction'

const change = {
  group: 'Shapes',
  undoable: true,
  when: (editor: Editor) => editor.selected().length > 0,
  needs: 'Select an object first.',
} as const

/** Do one edit on every selected track that may be edited, as one step of undo. */
function onSelected(
  editor: Editor,
  summary: string,
  work: (tx: Transaction, track: TrackId, frame: number) => void,
): void {
  onTracks(editor, editor.selected(), summary, (tx, track) => work(tx, track, editor.session.frame.value))
}

function onTracks(
  editor: Editor,
  selected: readonly TrackId[],
  summary: string,
  work: (tx: Transaction, track: TrackId) => void,
): void {
  const tracks = selected.filter((track) => editor.mayEdit(track))
  if (tracks.length) editor.store.transact(summary, (tx) => tracks.forEach((track) => work(tx, track)))
}

function toggleKeyframe(editor: Editor): void {
  onSelected(editor, 'Keyframe on or off', (tx, track, frame) => {
    const shape = editor.shapeToEdit(track)
    if (editor.store.queries.rowAt(track, frame)?.keyframe) tx.removeRows(track, [[frame, frame]])
    else if (shape) tx.putRow(track, keyframeOf(shape, frame))
  })
}

/** Outside from here to the next keyframe: predictions in between would end the gap, so they go, and nobody adds more. */
function toggleOutside(editor: Editor): void {
  const tracks = editor.selected()
  const frame = editor.session.frame.value
  const ends = tracks.map((track) => editor.store.queries.nextKeyframe([track], frame) ?? lastFrame(editor))
  const toggle = () =>
    onTracks(editor, tracks, 'Outside on or off', (tx, track) => toggleOutsideOf(editor, tx, track, frame))
  whenLoaded(editor, tracks, toggle, [frame, Math.max(frame, ...ends)])
}

function toggleOutsideOf(editor: Editor, tx: Transaction, track: TrackId, frame: number): void {
  const { queries } = editor.store
  const shape = queries.shapeAt(track, frame) ?? queries.ghostAt(track, frame)
  const row = queries.rowAt(track, frame)
  if (row?.outside) {
    tx.putRow(track, { ...row, outside: false, keyframe: true, predicted: false })
    return
  }
  if (!shape) return
  stopFollowing(editor, track)
  keepBefore(editor, tx, track, frame)
  tx.putRow(track, keyframeOf(shape, frame, { outside: true }))
  const end = (queries.nextKeyframe([track], frame) ?? lastFrame(editor) + 1) - 1
  const gone = shared([frame + 1, end], editor.config.editable_ranges)
  if (gone.length) tx.removeRows(track, gone, true)
}

function toggleOccluded(editor: Editor): void {
  onSelected(editor, 'Occluded on or off', (tx, track, frame) => {
    const shape = editor.store.queries.shapeAt(track, frame)
    if (shape) tx.putRow(track, keyframeOf(shape, frame, { occluded: !shape.occluded }))
  })
}

/** The vertex under the pointer goes, or else the shape on this frame. */
function deleteHere(editor: Editor): void {
  if (removeHovered(editor)) return
  onSelected(editor, 'Delete here', (tx, track, frame) => removeHere(editor, tx, track, frame))
}

function stopFollowing(editor: Editor, track: TrackId): void {
  editor.store.runs.release(track)
}

/** By a pixel of the video, in a direction of the canvas. */
function nudge(editor: Editor, right: number, down: number): void {
  const { x: dx, y: dy } = directionInVideo(editor.session.view.value.turns, right, down)
  const frame = editor.session.frame.value
  const moved: TrackId[] = []
  onSelected(editor, 'Nudge', (tx, track) => {
    const shape = editor.shapeToEdit(track)
    if (!shape) return
    tx.putRow(track, keyframe(frame, kindOf(shape).moved(shape, dx, dy), { occluded: shape.occluded }))
    moved.push(track)
  })
  editor.following.edited(moved, frame)
}

export const SHAPES: readonly Command[] = [
  {
    ...change,
    id: 'shape.keyframe',
    label: 'Keyframe on or off',
    help: 'Makes the shape on this frame yours, or gives it back to interpolation.',
    synonyms: 'star',
    keys: ['K'],
    run: toggleKeyframe,
  },
  {
    ...change,
    id: 'shape.outside',
    label: 'Outside on or off',
    help: 'From this frame on the object is not in the picture, until its next keyframe.',
    synonyms: 'switch off leaves the frame disappears end of track',
    keys: ['O'],
    run: toggleOutside,
  },
  {
    ...change,
    id: 'shape.occluded',
    label: 'Occluded on or off',
    help: 'The object is partly hidden on this frame.',
    synonyms: 'hidden covered',
    keys: ['Q'],
    run: toggleOccluded,
  },
  {
    ...change,
    id: 'shape.delete-here',
    label: 'Delete here',
    help: 'Removes the shape on this frame only; with the pointer on a vertex, that vertex.',
    keys: ['Delete'],
    run: deleteHere,
  },
  {
    ...change,
    id: 'shape.delete-from-here',
    label: 'Delete from here on',
    help: 'Removes the shapes of this frame and all after it.',
    keys: ['Shift+Delete'],
    run: (editor) => deleteFrom(editor, editor.session.frame.value),
  },
  {
    ...change,
    id: 'shape.nudge-left',
    label: 'Nudge left',
    help: 'Moves the selected shapes by a pixel.',
    keys: ['Alt+ArrowLeft'],
    run: (editor) => nudge(editor, -1, 0),
  },
  {
    ...change,
    id: 'shape.nudge-right',
    label: 'Nudge right',
    help: 'Moves the selected shapes by a pixel.',
    keys: ['Alt+ArrowRight'],
    run: (editor) => nudge(editor, 1, 0),
  },
  {
    ...change,
    id: 'shape.nudge-up',
    label: 'Nudge up',
    help: 'Moves the selected shapes by a pixel.',
    keys: ['Alt+ArrowUp'],
    run: (editor) => nudge(editor, 0, -1),
  },
  {
    ...change,
    id: 'shape.nudge-down',
    label: 'Nudge down',
    help: 'Moves the selected shapes by a pixel.',
    keys: ['Alt+ArrowDown'],
    run: (editor) => nudge(editor, 0, 1),
  },
]
