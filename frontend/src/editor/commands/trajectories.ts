import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false } as const
const STEPS = [10, 25, 50, 100, 250, 500] as const

function toggle({ trajectories: { settings }, session }: Editor): void {
  settings.on.value = !settings.on.value
  if (settings.on.value && !settings.all.value && !session.selection.value.size)
    session.tell(t('Select an object to see its path.'))
}

function toggleAll({ trajectories: { settings } }: Editor): void {
  settings.all.value = !(settings.on.value && settings.all.value)
  settings.on.value = true
}

/** Longer or shorter, before and after the current frame alike. */
function lengthen({ trajectories: { settings }, session }: Editor, by: 1 | -1): void {
  const now = Math.max(settings.back.value, settings.ahead.value)
  const next = by > 0 ? STEPS.find((step) => step > now) : STEPS.findLast((step) => step < now)
  if (next === undefined) return
  settings.back.value = next
  settings.ahead.value = next
  settings.on.value = true
  session.tell(t('Paths show {count} frames before and after.', { count: next }))
}

function toggleOnion({ trajectories: { settings }, session }: Editor): void {
  settings.onion.value = !settings.onion.value
  if (settings.onion.value && !session.selection.value.size)
    session.tell(t('Select an object to see its neighbouring keyframes.'))
}

export const TRAJECTORIES: readonly Command[] = [
  {
    ...look,
    id: 'view.paths',
    label: 'Paths',
    help: 'Shows where the selected objects come from and go to; jumps are red. A click on a path goes to that frame, with Alt also on top of an object.',
    synonyms: 'trajectory trajectories trail show',
    keys: ['I'],
    run: toggle,
  },
  {
    ...look,
    id: 'view.paths-all',
    label: 'Paths of all objects',
    help: 'Shows the paths of all visible objects, or of the selected ones again.',
    synonyms: 'trajectory trajectories trails show',
    keys: ['Shift+I'],
    run: toggleAll,
  },
  {
    ...look,
    id: 'view.paths-longer',
    label: 'Longer paths',
    help: 'Paths show more frames before and after the current one.',
    synonyms: 'trajectory trail length',
    keys: ['Alt+I'],
    run: (editor) => lengthen(editor, 1),
  },
  {
    ...look,
    id: 'view.paths-shorter',
    label: 'Shorter paths',
    help: 'Paths show fewer frames before and after the current one.',
    synonyms: 'trajectory trail length',
    keys: ['Alt+Shift+I'],
    run: (editor) => lengthen(editor, -1),
  },
  {
    ...look,
    id: 'view.onion-skin',
    label: 'Neighbouring keyframes',
    help: 'Shows the outlines of the selected objects on the keyframes before and after.',
    synonyms: 'onion skin ghost',
    keys: ['Shift+N'],
    run: toggleOnion,
  },
]
