/** Tracks that are one object, or exchanged their identities. */
import type { Command } from '@/editor/command'

export const JOINS: readonly Command[] = [
  {
    id: 'joins.propose',
    label: 'Propose joins',
    group: 'Tracks',
    help: 'Looks for objects that were lost and found again as another one, and for two that were mixed up, to join or swap.',
    synonyms: 'link merge tracklets identity switch occlusion re-identify',
    keys: ['F7'],
    undoable: false,
    when: ({ config }) => config.can_edit,
    needs: 'You can look at this video; editing needs the role annotator or more.',
    run: ({ joins }) => (joins.isOpen.value ? joins.close() : joins.open()),
  },
]
