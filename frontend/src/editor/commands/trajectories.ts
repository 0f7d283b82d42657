import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false } as const
const STEPS = [10, 25, 50, 100, 250, 500] as const

function toggle({ trajectories, session }: Editor): void {
  trajectories.on.value = !trajectories.on.value
  if (trajectories.on.value && !trajectories.all.value && !session.selection.value.size)
    session.tell(t('Select an object to see its path.'))
}

function toggleAll({ trajectories }: Editor): void {
  trajectories.all.value = !(trajectories.on.value && trajectories.all.value)
  trajectories.on.value = true
}

/** Longer or shorter, before and after the current frame alike. */
function lengthen({ trajectories, session }: Editor, by: 1 | -1): void {
  const now = Math.max(trajectories.back.value, trajectories.ahead.value)
  const next = by > 0 ? STEPS.find((step) => step > now) : STEPS.findLast((step) => step < now)
  if (next === undefined) return
  trajectories.back.value = next
  trajectories.ahead.value = next
  trajectories.on.value = true
  session.tell(t('Paths show {count} frames before and after.', { count: next }))
}

function toggleOnion({ trajectories, session }: Editor): void {
  trajectories.onion.value = !trajectories.onion.value
  if (trajectories.onion.value && !session.selection.value.size)
    session.tell(t('Select an object to see its neighbouring keyframes.'))
}

export const TRAJECTORIES: readonly Command[] = [
  {
    ...look,
    id: 'view.paths',
    label: 'Paths',
    help: 'Shows where the selected objects come from and go to; jumps are red. A click on a path goes to that frame, with Alt also on top of an object.',
    keys: ['I'],
    run: toggle,
  },
  {
    ...look,
    id: 'view.paths-all',
    label: 'Paths of all objects',
    help: 'Shows the paths of all visible objects, or of the selected ones again.',
    keys: ['Shift+I'],
    run: toggleAll,
  },
  {
    ...look,
    id: 'view.paths-longer',
    label: 'Longer paths',
    help: 'Paths show more frames before and after the current one.',
    keys: ['Alt+I'],
    run: (editor) => lengthen(editor, 1),
  },
  {
    ...look,
    id: 'view.paths-shorter',
    label: 'Shorter paths',
    help: 'Paths show fewer frames before and after the current one.',
    keys: ['Alt+Shift+I'],
    run: (editor) => lengthen(editor, -1),
  },
  {
    ...look,
    id: 'view.onion-skin',
    label: 'Neighbouring keyframes',
    help: 'Shows the outlines of the selected objects on the keyframes before and after.',
    keys: ['Shift+N'],
    run: toggleOnion,
  },
]
