import type { Editor } from './editor'

export type Group = 'Playback' | 'Tools' | 'Shapes' | 'Tracks' | 'Tracking' | 'View' | 'Edit'

/** One thing a person can do, found alike by key, menu, button and help. */
export interface Command {
  /** e.g. "shape.toggle-outside" */
  readonly id: string
  readonly label: string
  readonly group: Group
  /** One sentence more, for the help overlay. */
  readonly help: string
  /** e.g. "Ctrl+Shift+Z", "ArrowRight", "?". A person may have others: ask `editor.keymap`. */
  readonly keys: readonly string[]
  /** Its keys hold while a gesture is under way, and then before those of other commands; absent: always. */
  readonly scope?: 'drawing'
  /** Whether it changes shapes or tracks, so that undo takes it back. */
  readonly undoable: boolean
  /** Whether it can be done now; absent: always. */
  readonly when?: (editor: Editor) => boolean
  /** What is missing when it can’t be done, e.g. "Select an object first." */
  readonly needs?: string
  readonly run: (editor: Editor) => void
}
