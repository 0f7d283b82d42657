/** Undo and redo where the rows that they touch may not be loaded any more. */
import type { Editor } from '@/editor/editor'
import type { Entry } from '@/store/history'
import { whenLoaded } from './edit'

export function undo(editor: Editor): void {
  whenKnown(editor, editor.store.history.next('undo'), () => editor.acted('Undid', editor.store.undo()))
}

export function redo(editor: Editor): void {
  whenKnown(editor, editor.store.history.next('redo'), () => editor.acted('Redid', editor.store.redo()))
}

/** An edit from before a reload is done again from what its undo finds here, so all of that has to be here. */
function whenKnown(editor: Editor, entry: Entry | null, work: () => void): void {
  const replaced = entry?.again ? [] : (entry?.inverse ?? []).filter((operation) => operation.op === 'shapes.replace')
  const frames = replaced.flatMap(({ ranges }) => ranges.flat())
  if (!frames.length) work()
  else
    whenLoaded(editor, [...new Set(replaced.map(({ track }) => track))], work, [
      Math.min(...frames),
      Math.max(...frames),
    ])
}
