import type { Tool } from '@/editor/tool'
import { MaskAreaIdle } from './idle'

export const MASK_AREA: Tool = {
  id: 'mask-area',
  label: 'Mask area',
  help: 'Draw around pixels to add them to the selected mask, with Alt to take them away.',
  keys: ['Shift+U'],
  icon: 'M8 3c3.500 0 6 1.500 6 3.700s-2.500 3.800-6 3.800S2 9 2 6.700 4.500 3 8 3z M4.500 9.800c-1 .7-1.500 2-.5 2.700s2 .5 1.500 2',
  kind: 'mask',
  initial: MaskAreaIdle,
}
