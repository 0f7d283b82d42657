import { counted } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { redo, undo } from '@/editor/time/undo'

/** Stop what is under way: a gesture first, then the runs of this person, then the selection. */
function escape(editor: Editor): void {
  if (editor.helpOpen.value) {
    editor.helpOpen.value = false
    return
  }
  if (editor.question.value) {
    editor.question.value = null
    return
  }
  if (!editor.machine.busy && editor.session.range.value) {
    editor.session.range.value = null
    return
  }
  const runs = editor.store.runs.active().filter((run) => run.mine)
  if (!editor.machine.busy && editor.session.tool.value === 'select' && runs.length) {
    for (const run of runs) editor.store.runs.stop(run.id)
    editor.session.tell(
      counted(runs.length, 'Tracking stopped. What it found stays.', '{count} runs stopped. What they found stays.'),
    )
    return
  }
  editor.machine.cancel()
}

export const GENERAL: readonly Command[] = [
  {
    id: 'tool.draw',
    label: 'Draw',
    group: 'Tools',
    help: 'Draws a new object as its label says: the first of the shapes it may have.',
    keys: ['N'],
    undoable: false,
    run: (editor) => editor.draw(),
  },
  {
    id: 'tool.keep',
    label: 'Keep the tool',
    group: 'Tools',
    help: 'After an object is drawn, go on with the same tool instead of selecting. Press Escape to select.',
    keys: ['Alt+N'],
    undoable: false,
    run: (editor) => void (editor.keepsTool.value = !editor.keepsTool.value),
  },
  {
    id: 'draw.finish',
    label: 'Finish the shape',
    group: 'Tools',
    help: 'Completes what is being drawn.',
    keys: ['Enter', 'N'],
    scope: 'drawing',
    undoable: true,
    when: ({ machine }) => machine.busy,
    needs: 'Begin to draw first.',
    run: ({ machine }) => machine.handler.onFinish(),
  },
  {
    id: 'draw.back',
    label: 'Take the last point back',
    group: 'Tools',
    help: 'Of the outline or the points that are being drawn.',
    keys: ['Backspace'],
    scope: 'drawing',
    undoable: false,
    when: ({ machine }) => machine.busy,
    needs: 'Begin to draw first.',
    run: ({ machine }) => machine.handler.onBack(),
  },
  {
    id: 'run.forward',
    label: 'Track forward',
    group: 'Tracking',
    help: 'Follows the selected objects on, or all on this frame.',
    synonyms: 'auto-annotate track follow interpolate AI',
    keys: ['T'],
    undoable: false,
    run: (editor) => editor.following.start('forward'),
  },
  {
    id: 'run.backward',
    label: 'Track backward',
    group: 'Tracking',
    help: 'Follows the selected objects back in time.',
    synonyms: 'auto-annotate track follow interpolate AI',
    keys: ['Shift+T'],
    undoable: false,
    run: (editor) => editor.following.start('backward'),
  },
  {
    id: 'edit.undo',
    label: 'Undo',
    group: 'Edit',
    help: 'Takes your last edit back, also after a reload; while drawing, the last point.',
    keys: ['Ctrl+Z'],
    undoable: false,
    run: (editor) => (editor.machine.busy ? editor.machine.handler.onBack() : undo(editor)),
  },
  {
    id: 'edit.redo',
    label: 'Redo',
    group: 'Edit',
    help: 'Does again what was undone.',
    synonyms: 'repeat',
    keys: ['Ctrl+Shift+Z', 'Ctrl+Y'],
    undoable: false,
    run: redo,
  },
  {
    id: 'edit.escape',
    label: 'Stop or deselect',
    group: 'Edit',
    help: 'Cancels a gesture, stops your runs, or clears the selection.',
    keys: ['Escape'],
    undoable: false,
    run: escape,
  },
]
