import type { Tool } from '@/editor/tool'
import { RotatedBoxIdle } from './idle'

export const ROTATED_BOX: Tool = {
  id: 'rotated-box',
  label: 'Rotated box',
  icon: 'rotatedBox',
  kind: 'rotated_box',
  initial: RotatedBoxIdle,
}
