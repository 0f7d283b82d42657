/** The check of the layer, and walking through what it found. */
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false } as const
const listed = {
  when: (editor: Editor) => editor.inspection.findings.value.length > 0,
  needs: 'There is nothing to walk through. Check the objects first.',
} as const

export const INSPECTION: readonly Command[] = [
  {
    ...look,
    id: 'inspection.check',
    label: 'Check',
    help: 'Looks for duplicates, jumps, gaps, broken rules of labels and more, and lists what it finds.',
    synonyms: 'lint validate problems errors quality review verify',
    keys: ['F9'],
    run: ({ inspection }) => (inspection.page.value === 'check' ? inspection.close() : inspection.open('check')),
  },
  {
    ...look,
    ...listed,
    id: 'inspection.next',
    label: 'Next finding',
    help: 'Goes to the next thing that the check found, and selects its object.',
    synonyms: 'problem error',
    keys: ['F8'],
    run: ({ inspection }) => inspection.step(1),
  },
  {
    ...look,
    ...listed,
    id: 'inspection.previous',
    label: 'Previous finding',
    help: 'Goes back to what the check found before it.',
    synonyms: 'problem error',
    keys: ['Shift+F8'],
    run: ({ inspection }) => inspection.step(-1),
  },
]
