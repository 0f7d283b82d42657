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
    id: 'tool.select',
    label: 'Select',
    group: 'Tools',
    help: 'Select, move and resize.',
    keys: ['S'],
    undoable: false,
    run: (editor) => editor.useTool('select'),
  },
  {
    id: 'tool.lasso',
    label: 'Lasso',
    group: 'Tools',
    help: 'Draw around objects to select them. Shift adds them to the selection, Alt takes them out.',
    keys: ['A'],
    undoable: false,
    run: (editor) => editor.useTool('lasso'),
  },
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
    id: 'tool.box',
    label: 'Box',
    group: 'Tools',
    help: 'Drag a box around a new object. Shift makes it square, Alt draws from its middle.',
    keys: ['B'],
    undoable: false,
    run: (editor) => editor.useTool('box'),
  },
  {
    id: 'tool.rotated-box',
    label: 'Rotated box',
    group: 'Tools',
    help: 'Drag along one side, then move to the opposite one and click.',
    keys: ['Y'],
    undoable: false,
    run: (editor) => editor.useTool('rotated-box'),
  },
  {
    id: 'tool.polygon',
    label: 'Polygon',
    group: 'Tools',
    help: 'Click vertices, or draw freehand with the button held. Enter or the first vertex completes it. Hold Ctrl not to stick to neighbours, Alt to follow a neighbour’s border from the last point.',
    keys: ['P'],
    undoable: false,
    run: (editor) => editor.useTool('polygon'),
  },
  {
    id: 'tool.polyline',
    label: 'Polyline',
    group: 'Tools',
    help: 'Click vertices, or draw freehand with the button held. Enter or a double click completes it.',
    keys: ['Shift+P'],
    undoable: false,
    run: (editor) => editor.useTool('polyline'),
  },
  {
    id: 'tool.points',
    label: 'Points',
    group: 'Tools',
    help: 'Click each point; Enter or a double click completes them.',
    keys: ['Shift+O'],
    undoable: false,
    run: (editor) => editor.useTool('points'),
  },
  {
    id: 'tool.skeleton',
    label: 'Skeleton',
    group: 'Tools',
    help: 'Drag a box around a new object; its joints are spread over it. Shift mirrors them.',
    keys: ['J'],
    undoable: false,
    run: (editor) => editor.useTool('skeleton'),
  },
  {
    id: 'tool.brush',
    label: 'Brush',
    group: 'Tools',
    help: 'Paints the selected mask, or a new one. Alt erases, Shift draws a straight line from the last stroke. Esc begins another object.',
    keys: ['U'],
    undoable: false,
    run: (editor) => editor.useTool('brush'),
  },
  {
    id: 'tool.mask-area',
    label: 'Mask area',
    group: 'Tools',
    help: 'Draw around pixels to add them to the selected mask, with Alt to take them away.',
    keys: ['Shift+U'],
    undoable: false,
    run: (editor) => editor.useTool('mask-area'),
  },
  {
    id: 'tool.fill',
    label: 'Fill',
    group: 'Tools',
    help: 'Click into a hole or another region that a mask closes to fill it; with Alt, on a piece to take it away.',
    keys: ['Alt+Shift+U'],
    undoable: false,
    run: (editor) => editor.useTool('fill'),
  },
  {
    id: 'tool.slice',
    label: 'Slice',
    group: 'Tools',
    help: 'Draw a line through the selected polygons and masks to cut them; without a selection, through any. Enter or a double click completes it.',
    keys: ['Alt+J'],
    undoable: false,
    run: (editor) => editor.useTool('slice'),
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
    id: 'tool.pan',
    label: 'Pan',
    group: 'Tools',
    help: 'Move the picture. Dragging with the middle or right button does too.',
    keys: ['G'],
    undoable: false,
    run: (editor) => editor.useTool('pan'),
  },
  {
    id: 'draw.finish',
    label: 'Finish the shape',
    group: 'Tools',
    help: 'Completes what is being drawn.',
    keys: ['Enter', 'N'],
    scope: 'drawing',
    undoable: false,
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
    keys: ['T'],
    undoable: false,
    run: (editor) => editor.following.start('forward'),
  },
  {
    id: 'run.backward',
    label: 'Track backward',
    group: 'Tracking',
    help: 'Follows the selected objects back in time.',
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
