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
  /** e.g. "Ctrl+Shift+Z", "ArrowRight", "?"; the first one is shown. */
  readonly keys: readonly string[]
  /** Whether it changes shapes or tracks, so that undo takes it back. */
  readonly undoable: boolean
  /** Whether it can be done now; absent: always. */
  readonly when?: (editor: Editor) => boolean
  readonly run: (editor: Editor) => void
}
