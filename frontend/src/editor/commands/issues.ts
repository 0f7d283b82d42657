/** What people say to each other about frames, objects and regions. */
import type { Command } from '@/editor/command'
import { placeHere } from '@/editor/issues/issues'

const about = { group: 'Review', undoable: false } as const

export const ISSUES: readonly Command[] = [
  {
    ...about,
    id: 'issue.add',
    label: 'Add a comment',
    help: 'On the selected object, else on the frame; with chosen frames on all of them.',
    synonyms: 'issue note remark question discuss message pin',
    icon: 'M2.500 3h11v8H7.500L4.500 13.500V11h-2z M8 5v4 M6 7h4',
    keys: ['Alt+C'],
    run: (editor) => editor.issues.write(placeHere(editor)),
  },
  {
    ...about,
    id: 'issue.list',
    label: 'Comments',
    help: 'Lists what people say about this video: open, resolved, or what concerns you.',
    synonyms: 'issues discussion threads notes',
    icon: 'M2.500 3h11v8H7.500L4.500 13.500V11h-2z M5 6h6 M5 8.500h4',
    keys: ['F4'],
    run: ({ issues }) => issues.toggle(),
  },
  {
    ...about,
    id: 'issue.next',
    label: 'Next issue',
    help: 'Goes to the next issue of the list.',
    synonyms: 'comment',
    keys: ['Shift+G'],
    run: ({ issues }) => issues.step(1),
  },
  {
    ...about,
    id: 'issue.previous',
    label: 'Previous issue',
    help: 'Goes to the issue before it.',
    synonyms: 'comment',
    keys: ['Alt+Shift+G'],
    run: ({ issues }) => issues.step(-1),
  },
  {
    ...about,
    id: 'view.pins',
    label: 'Pins of issues',
    group: 'View',
    help: 'Shows where issues are on the picture, or hides them.',
    synonyms: 'comments markers',
    keys: ['Alt+P'],
    run: ({ display }) => (display.pins.value = !display.pins.value),
  },
]
