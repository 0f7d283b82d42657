import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { copyShapes, pasteShapes } from '@/editor/time/clipboard'
import { whenLoaded } from '@/editor/time/edit'
import { splitHere, swapFromHere } from '@/editor/time/identity'
import { mergeSelected } from '@/editor/time/merging'
import { deleteInRange, hideInRange, propagateOverRange, trimToRange } from '@/editor/time/range'
import { openThinning } from '@/editor/time/thinning'
import { interpolate, removeKeyframes, removeOutside } from '@/editor/time/tidy'
import type { FrameNumber, TrackId } from '@/store/types'

const selected = { when: (editor: Editor) => editor.selected().length > 0, needs: 'Select an object first.' } as const

/** Half way between the keyframes before and after this frame: where a correction helps most. */
function goToMiddle(editor: Editor): void {
  const tracks = editor.selected()
  whenLoaded(editor, tracks, () => jumpToMiddle(editor, tracks, editor.session.frame.value))
}

function jumpToMiddle(editor: Editor, tracks: readonly TrackId[], frame: FrameNumber): void {
  const { queries } = editor.store
  const here = tracks.some((track) => queries.rowAt(track, frame)?.keyframe)
  const before = here ? frame : queries.previousKeyframe(tracks, frame)
  const after = queries.nextKeyframe(tracks, frame)
  if (before === null || after === null) editor.session.tell(t('There is no keyframe on both sides of this frame.'))
  else if (after - before < 2) editor.session.tell(t('These keyframes are neighbours: there is no frame between them.'))
  else editor.step(Math.floor((before + after) / 2) - frame)
}

/** One end of the chosen range comes to this frame; the other follows where it would be on the wrong side. */
function setRangeEnd(editor: Editor, end: 'first' | 'last'): void {
  const { range, frame } = editor.session
  const here = frame.value
  const [first, last] = range.value ?? editor.bounds
  range.value = end === 'first' ? [here, Math.max(here, last)] : [Math.min(first, here), here]
}

export const TIME: readonly Command[] = [
  {
    ...selected,
    id: 'track.split',
    label: 'Split here',
    group: 'Tracks',
    help: 'From this frame on the selected tracks become tracks of their own.',
    synonyms: 'cut divide',
    keys: ['Alt+M'],
    undoable: true,
    run: (editor) => splitHere(editor),
  },
  {
    ...selected,
    id: 'track.swap',
    label: 'Swap from here on',
    group: 'Tracks',
    help: 'Two selected tracks exchange their shapes from this frame on: repairs mixed-up objects.',
    synonyms: 'identity switch exchange ids',
    keys: ['Alt+X'],
    undoable: true,
    needs: 'Select two objects first.',
    run: (editor) => swapFromHere(editor),
  },
  {
    ...selected,
    id: 'track.merge',
    label: 'Merge',
    group: 'Tracks',
    help: 'Makes the selected tracks one, across gaps too; where they are at odds, you choose.',
    synonyms: 'join combine tracks',
    keys: ['M'],
    undoable: true,
    needs: 'Select two or more objects first.',
    run: mergeSelected,
  },
  {
    ...selected,
    id: 'shape.propagate',
    label: 'Propagate',
    group: 'Shapes',
    help: 'Keeps the selected shapes as they are over the next frames, or those before.',
    synonyms: 'copy to next frames duplicate',
    keys: ['Ctrl+B'],
    undoable: true,
    run: (editor) => (editor.time.dialog.value = { kind: 'propagate', tracks: editor.selected() }),
  },
  {
    ...selected,
    id: 'shape.copy',
    label: 'Copy',
    group: 'Shapes',
    help: 'Copies the selected shapes on this frame.',
    synonyms: 'duplicate',
    keys: ['Ctrl+C'],
    undoable: false,
    run: copyShapes,
  },
  {
    id: 'shape.paste',
    label: 'Paste',
    group: 'Shapes',
    help: 'Puts the copied shapes on this frame: into their own tracks, or where those have a keyframe into new ones.',
    keys: ['Ctrl+V'],
    undoable: true,
    when: (editor) => editor.time.clipboard.value !== null,
    needs: 'Copy a shape first.',
    run: (editor) => pasteShapes(editor),
  },
  {
    id: 'shape.paste-new',
    label: 'Paste as new',
    group: 'Shapes',
    help: 'Puts the copied shapes on this frame as new tracks.',
    synonyms: 'duplicate clone',
    keys: ['Ctrl+Shift+V'],
    undoable: true,
    when: (editor) => editor.time.clipboard.value !== null,
    needs: 'Copy a shape first.',
    run: (editor) => pasteShapes(editor, true),
  },
  {
    ...selected,
    id: 'keyframe.middle',
    label: 'Between two keyframes',
    group: 'Playback',
    help: 'Goes half way between the keyframes around this frame, of the selected tracks.',
    synonyms: 'half way bisect',
    keys: ['W'],
    undoable: false,
    run: goToMiddle,
  },
  {
    ...selected,
    id: 'track.remove-outside',
    label: 'Remove all outside',
    group: 'Tracks',
    help: 'Closes the gaps of the selected tracks, in the chosen range or everywhere.',
    keys: ['Alt+O'],
    undoable: true,
    run: removeOutside,
  },
  {
    ...selected,
    id: 'range.remove-keyframes',
    label: 'Remove keyframes in range',
    group: 'Tracks',
    help: 'Gives the keyframes of the selected tracks in the chosen range back to interpolation.',
    keys: ['Alt+K'],
    undoable: true,
    run: removeKeyframes,
  },
  {
    ...selected,
    id: 'track.interpolate',
    label: 'Interpolate instead',
    group: 'Tracks',
    help: 'Predictions of the selected tracks give way to interpolation between the keyframes around this frame, or in the chosen range.',
    synonyms: 'linear tween until next keyframe real frame',
    keys: ['Alt+Shift+K'],
    undoable: true,
    run: interpolate,
  },
  {
    ...selected,
    id: 'range.delete',
    label: 'Delete in range',
    group: 'Tracks',
    help: 'Removes the shapes of the selected tracks in the chosen range, or all of them.',
    keys: ['Ctrl+Delete'],
    undoable: true,
    run: deleteInRange,
  },
  {
    ...selected,
    id: 'range.trim',
    label: 'Trim to range',
    group: 'Tracks',
    help: 'Removes the shapes of the selected tracks before and after the chosen range.',
    keys: ['Alt+Shift+Delete'],
    undoable: true,
    run: trimToRange,
  },
  {
    ...selected,
    id: 'range.propagate',
    label: 'Propagate over range',
    group: 'Tracks',
    help: 'Puts the selected shapes of this frame on every frame of the chosen range.',
    keys: ['Alt+B'],
    undoable: true,
    run: propagateOverRange,
  },
  {
    ...selected,
    id: 'range.hide',
    label: 'Hide or show in range',
    group: 'Tracks',
    help: 'Hides the selected tracks on the chosen range. Only here, not for others.',
    keys: ['Alt+H'],
    undoable: false,
    run: hideInRange,
  },
  {
    ...selected,
    id: 'range.open',
    label: 'Change a range',
    group: 'Tracks',
    help: 'Deletes, relabels, moves, shifts or hides the selected tracks in the chosen range, or everywhere.',
    synonyms: 'bulk relabel attributes several frames',
    keys: ['Ctrl+E'],
    undoable: false,
    run: (editor) => (editor.time.dialog.value = { kind: 'range', tracks: editor.selected() }),
  },
  {
    ...selected,
    id: 'track.thin-out',
    label: 'Thin out',
    group: 'Tracks',
    help: 'Replaces dense predictions by the fewest keyframes that show the same, within a tolerance that you choose.',
    synonyms: 'simplify reduce sparse keyframes decimate',
    keys: ['Shift+K'],
    undoable: true,
    run: openThinning,
  },
  {
    id: 'range.first',
    label: 'Range begins here',
    group: 'Edit',
    help: 'The chosen range of frames begins on this one.',
    keys: ['['],
    undoable: false,
    run: (editor) => setRangeEnd(editor, 'first'),
  },
  {
    id: 'range.last',
    label: 'Range ends here',
    group: 'Edit',
    help: 'The chosen range of frames ends on this one.',
    keys: [']'],
    undoable: false,
    run: (editor) => setRangeEnd(editor, 'last'),
  },
  {
    id: 'range.clear',
    label: 'No range',
    group: 'Edit',
    help: 'Takes the chosen range of frames away.',
    keys: ['\\'],
    undoable: false,
    run: ({ session }) => (session.range.value = null),
  },
]
