import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { goToDifference } from '@/editor/objects/differences'

const walk = { group: 'View', undoable: false } as const
const isOn = ({ store }: Editor) => store.comparing.other.value !== null
const needs = 'Compare with another layer first: in the menu of layers at the top.'

function step(editor: Editor, by: 1 | -1): void {
  const { comparing } = editor.store
  const next = comparing.beside(editor.session.frame.value, by)
  if (next) goToDifference(editor, next)
  else if (!comparing.differences.value.length) editor.session.tell(t('There are no differences of the chosen kinds.'))
  else editor.session.tell(by > 0 ? t('This was the last difference.') : t('This was the first difference.'))
}

export const COMPARING: readonly Command[] = [
  {
    ...walk,
    id: 'compare.next',
    label: 'Next difference',
    help: 'Goes to the next place where the two compared layers differ.',
    synonyms: 'compare ground truth error',
    keys: ['Alt+.'],
    when: isOn,
    needs,
    run: (editor) => step(editor, 1),
  },
  {
    ...walk,
    id: 'compare.previous',
    label: 'Previous difference',
    help: 'Goes to the place before where the two compared layers differ.',
    synonyms: 'compare ground truth error',
    keys: ['Alt+,'],
    when: isOn,
    needs,
    run: (editor) => step(editor, -1),
  },
  {
    ...walk,
    id: 'compare.overlay',
    label: 'Show the other layer',
    help: 'Draws the layer that is compared with over the picture, dashed, or hides it.',
    synonyms: 'compare ground truth overlay',
    keys: ['Alt+V'],
    when: isOn,
    needs,
    run: ({ store: { comparing } }) => void (comparing.overlay.value = !comparing.overlay.value),
  },
]
