/** What reviewers do with the selected objects, by keyboard alone. */
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { askToReject, giveVerdict, nextUnreviewed, selectedSpans } from '@/editor/review/review'

const reviews = (editor: Editor) => editor.config.can_review && !editor.session.gone.value
const ofSelected = {
  group: 'Review',
  undoable: true,
  when: (editor: Editor) => reviews(editor) && editor.selected().length > 0,
  needs: 'Select an object first; verdicts are a reviewer’s to give.',
} as const

export const REVIEW: readonly Command[] = [
  {
    ...ofSelected,
    id: 'review.accept',
    label: 'Accept',
    help: 'The selected objects are right: all of them, or on the chosen frames.',
    synonyms: 'approve good verdict ok',
    icon: 'M3 8.500L6.500 12 13 4.500',
    keys: ['Alt+Y'],
    run: (editor) => giveVerdict(editor, selectedSpans(editor), 'accepted'),
  },
  {
    ...ofSelected,
    id: 'review.reject',
    label: 'Reject …',
    help: 'Something is wrong with them, and says what.',
    synonyms: 'wrong bad verdict reason',
    icon: 'M3.500 3.500l9 9 M12.500 3.500l-9 9',
    keys: ['Alt+W'],
    run: (editor) => askToReject(editor, selectedSpans(editor)),
  },
  {
    ...ofSelected,
    id: 'review.check',
    label: 'To be checked',
    help: 'Somebody has to look at them again.',
    synonyms: 'flag question doubt verdict',
    icon: 'M5.500 6A2.500 2.500 0 118 8.500V10 M8 12.200v.6',
    keys: ['Shift+V'],
    run: (editor) => giveVerdict(editor, selectedSpans(editor), 'check'),
  },
  {
    ...ofSelected,
    id: 'review.clear',
    label: 'Take the verdict away',
    help: 'As if nobody had looked at them yet.',
    synonyms: 'clear reset verdict unreviewed',
    keys: ['Alt+Shift+Y'],
    run: (editor) => giveVerdict(editor, selectedSpans(editor), null),
  },
  {
    id: 'review.next',
    label: 'Next unreviewed',
    group: 'Review',
    help: 'Goes to the next frames of a listed object that nobody has judged, or that were changed since.',
    synonyms: 'queue todo open',
    icon: 'M3 3l5 5-5 5z M10.500 5.500h3 M10.500 8h3 M10.500 10.500h3',
    keys: ['Alt+G'],
    undoable: false,
    run: nextUnreviewed,
  },
  {
    id: 'review.former',
    label: 'Show what was reviewed',
    group: 'Review',
    help: 'Draws the shape that a verdict was given on beside what it was changed to.',
    synonyms: 'before after compare ghost',
    keys: ['Alt+Z'],
    undoable: false,
    run: ({ review }) => (review.showsFormer.value = !review.showsFormer.value),
  },
]
