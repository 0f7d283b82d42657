import type { Tool } from '@/editor/tool'
import { RotatedBoxIdle } from './idle'

export const ROTATED_BOX: Tool = {
  id: 'rotated-box',
  label: 'Rotated box',
  help: 'Drag along one side, then move to the opposite one and click.',
  keys: ['Y'],
  synonyms: 'oriented bounding box obb',
  icon: 'M8 2.500l5.500 5.500-5.500 5.500L2.500 8z M7 1.500h2v2H7z M7 12.500h2v2H7z',
  kind: 'rotated_box',
  initial: RotatedBoxIdle,
}
