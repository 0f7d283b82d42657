/** Every command. A key belongs to one of them; a test says so. */
import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { ATTRIBUTES } from './attributes'
import { DISPLAY } from './display'
import { GENERAL } from './general'
import { HISTORY } from './history'
import { MASKS } from './masks'
import { OBJECTS } from './objects'
import { PLAYBACK } from './playback'
import { SHAPES } from './shapes'
import { TIME } from './time'
import { TIMELINE } from './timeline'
import { TRACKS } from './tracks'
import { TRAJECTORIES } from './trajectories'
import { VIEW } from './view'

export const COMMANDS: readonly Command[] = [
  ...PLAYBACK,
  ...GENERAL,
  ...SHAPES,
  ...MASKS,
  ...TRACKS,
  ...TIME,
  ...ATTRIBUTES,
  ...HISTORY,
  ...OBJECTS,
  ...TIMELINE,
  ...DISPLAY,
  ...VIEW,
  ...TRAJECTORIES,
]

const BY_ID = new Map(COMMANDS.map((command) => [command.id, command]))

export function command(id: string): Command {
  const found = BY_ID.get(id)
  if (!found) throw new Error(`There is no command ${id}.`)
  return found
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
