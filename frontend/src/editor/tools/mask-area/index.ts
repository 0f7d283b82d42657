import type { Tool } from '@/editor/tool'
import { MaskAreaIdle } from './idle'

export const MASK_AREA: Tool = {
  id: 'mask-area',
  label: 'Mask area',
  icon: 'lasso',
  kind: 'mask',
  initial: MaskAreaIdle,
}
