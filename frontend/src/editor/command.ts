import { t } from '@/core/text'
import type { Editor } from './editor'

/** In this order they are listed. */
const GROUPS = ['Playback', 'Tools', 'Tracking', 'Edit', 'Shapes', 'Tracks', 'Review', 'View'] as const
export type Group = (typeof GROUPS)[number]

/** One thing a person can do, found alike by key, menu, button and help. */
export interface Command {
  /** e.g. "shape.toggle-outside" */
  readonly id: string
  readonly label: string
  readonly group: Group
  /** One sentence more, for the help overlay. */
  readonly help: string
  /** What other tools call it, or what people type who look for it: found by the palette and the help overlay. */
  readonly synonyms?: string
  /** SVG path of 16 x 16, drawn with lines in the colour of the text; absent: each button says its own. */
  readonly icon?: string
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

/** All commands of an editor. A key belongs to one of them; a test says so. */
export class Commands {
  private readonly byId: ReadonlyMap<string, Command>

  /** Group by group, and in each as they were given. */
  readonly all: readonly Command[]

  constructor(commands: readonly Command[]) {
    this.all = GROUPS.flatMap((group) => commands.filter((command) => command.group === group))
    this.byId = new Map(this.all.map((command) => [command.id, command]))
  }

  has(id: string): boolean {
    return this.byId.has(id)
  }

  named(id: string): Command {
    const found = this.byId.get(id)
    if (!found) throw new Error(`There is no command ${id}.`)
    return found
  }
}

/** Do a command if it can be done now, and say what is missing if not. Returns whether it was done. */
export function perform(editor: Editor, wanted: Command): boolean {
  if (wanted.when && !wanted.when(editor)) {
    if (wanted.needs) editor.session.tell(t(wanted.needs))
    return false
  }
  wanted.run(editor)
  return true
}
