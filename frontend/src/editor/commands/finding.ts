/** Objects that detectors find. */
import type { Command } from '@/editor/command'
import { dismiss, take } from '@/editor/lists/candidates'

const withCandidates = {
  when: ({ list }) => list.candidates.value.length > 0,
  needs: 'There is no candidate: nothing that was found was followed for too short a time.',
} as const satisfies Partial<Command>

export const FINDING: readonly Command[] = [
  {
    id: 'run.detect',
    label: 'Detect and track',
    group: 'Tracking',
    help: 'Finds objects from this frame on by a detector, and follows each of them.',
    synonyms: 'find new objects detector YOLO auto-annotate AI',
    keys: ['Shift+D'],
    undoable: false,
    run: ({ finding }) => finding.start(),
  },
  {
    id: 'run.preview',
    label: 'Preview detections',
    group: 'Tracking',
    help: 'Shows what the detector sees on this frame, and what becomes of it. Nothing is saved.',
    synonyms: 'try test detector threshold confidence classes boxes',
    keys: ['Alt+Shift+D'],
    undoable: false,
    when: ({ config }) => config.can_edit,
    needs: 'You can look at this video; editing needs the role annotator or more.',
    run: ({ finding }) => finding.preview.toggle(),
  },
  {
    id: 'candidate.take',
    label: 'Take candidate',
    group: 'Tracking',
    help: 'Makes the selected candidates, or the first one on this frame, objects like others, and goes on to the next one.',
    synonyms: 'accept found tracklet',
    keys: ['Shift+Y'],
    undoable: true,
    ...withCandidates,
    run: take,
  },
  {
    id: 'candidate.dismiss',
    label: 'Dismiss candidate',
    group: 'Tracking',
    help: 'Deletes the selected candidates, or the first one on this frame, and goes on to the next one.',
    synonyms: 'reject found tracklet',
    keys: ['Shift+Q'],
    undoable: true,
    ...withCandidates,
    run: dismiss,
  },
]
