import type { Command } from '@/editor/command'

export const HISTORY: readonly Command[] = [
  {
    id: 'view.history',
    label: 'History',
    group: 'View',
    help: 'Shows who changed what and when, and brings back what was.',
    keys: ['Ctrl+H'],
    undoable: false,
    run: (editor) => (editor.historyOpen.value = editor.historyOpen.value === null ? 'changes' : null),
  },
]
