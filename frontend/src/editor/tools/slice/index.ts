import type { Tool } from '@/editor/tool'
import { SliceIdle } from './idle'

export const SLICE: Tool = {
  id: 'slice',
  label: 'Slice',
  help: 'Draw a line through the selected polygons and masks to cut them; without a selection, through any. Enter or a double click completes it.',
  keys: ['Alt+J'],
  icon: 'M2.500 13.500l11-11 M8.500 3H3v5.500 M7.500 13H13V7.500',
  aside: true,
  initial: SliceIdle,
}
