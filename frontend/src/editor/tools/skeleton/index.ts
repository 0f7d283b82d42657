import type { Tool } from '@/editor/tool'
import { SkeletonIdle } from './idle'

export const SKELETON: Tool = {
  id: 'skeleton',
  label: 'Skeleton',
  help: 'Drag a box around a new object; its joints are spread over it. Shift mirrors them.',
  keys: ['J'],
  synonyms: 'pose keypoints joints',
  icon: 'M8 4.500V9 M4 6.500l4-2 4 2 M5 13.500l3-4.500 3 4.500 M8 1.500a1.500 1.500 0 110 3 1.500 1.500 0 010-3z',
  kind: 'skeleton',
  initial: SkeletonIdle,
}
