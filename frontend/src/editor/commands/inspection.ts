/** The check of the layer, and walking through what it found. */
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'

const look = { group: 'View', undoable: false } as const
/** The list that is open: what the check found, the review queue, or proposed joins. */
const walked = ({ inspection, joins }: Editor) => (joins.isOpen.value ? joins : inspection)
const listed = {
  when: ({ inspection, joins }: Editor) =>
    joins.isOpen.value ? joins.list.length > 0 : inspection.places.value.length > 0,
  needs: 'There is nothing to walk through. Check the objects first, open the review queue, or propose joins.',
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
    id: 'inspection.queue',
    label: 'Review queue',
    help: 'Lists all that trackers made, what is most likely wrong first, to accept, reject or put right.',
    synonyms: 'review proofread suspicious likely wrong low confidence verdict',
    keys: ['Shift+F9'],
    run: ({ inspection }) => (inspection.page.value === 'queue' ? inspection.close() : inspection.open('queue')),
  },
  {
    ...look,
    ...listed,
    id: 'inspection.next',
    label: 'Next in the list',
    help: 'Goes to the next thing that the check found, of the review queue or of proposed joins, and selects its object.',
    synonyms: 'problem error',
    keys: ['F8'],
    run: (editor) => walked(editor).step(1),
  },
  {
    ...look,
    ...listed,
    id: 'inspection.previous',
    label: 'Previous in the list',
    help: 'Goes back to the one before it.',
    synonyms: 'problem error',
    keys: ['Shift+F8'],
    run: (editor) => walked(editor).step(-1),
  },
]
