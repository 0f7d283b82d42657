import type { Tool } from '@/editor/tool'
import { BrushIdle } from './idle'

export const BRUSH: Tool = {
  id: 'brush',
  label: 'Brush',
  help: 'Paints the selected mask, or a new one. Alt erases, Shift draws a straight line from the last stroke. Esc begins another object.',
  keys: ['U'],
  synonyms: 'paint mask segmentation',
  icon: 'M13.500 2.500L7 9 M7 9a2 2 0 00-3 .5C3.500 11 3.500 12 2 13c3 .8 5.500.3 6-2a2 2 0 00-1-2z',
  kind: 'mask',
  initial: BrushIdle,
}
