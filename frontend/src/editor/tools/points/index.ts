import type { Tool } from '@/editor/tool'
import { PointsIdle } from './idle'

export const POINTS: Tool = {
  id: 'points',
  label: 'Points',
  help: 'Click each point; Enter or a double click completes them.',
  keys: ['Shift+O'],
  synonyms: 'keypoints landmarks',
  icon: 'M4 4a1.200 1.200 0 100 .1z M11.500 6a1.200 1.200 0 100 .1z M6.500 12a1.200 1.200 0 100 .1z',
  kind: 'points',
  initial: PointsIdle,
}
