import type { Tool } from '@/editor/tool'
import { FillIdle } from './idle'

export const FILL: Tool = {
  id: 'fill',
  label: 'Fill',
  help: 'Click into a hole or another region that a mask closes to fill it; with Alt, on a piece to take it away.',
  keys: ['Alt+Shift+U'],
  icon: 'M7 2.500l5.500 5.500L7.500 13a1.200 1.200 0 01-1.700 0L2.300 9.500a1.200 1.200 0 010-1.700L8 2 M2 8.500h10 M13.500 10.500c.8 1.200 1.200 1.800 1.200 2.400a1.200 1.200 0 01-2.400 0c0-.6.400-1.200 1.200-2.400z',
  kind: 'mask',
  aside: true,
  initial: FillIdle,
}
