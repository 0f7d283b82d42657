import type { Tool } from '@/editor/tool'
import { SmartIdle } from './idle'

export const SMART: Tool = {
  id: 'smart',
  label: 'Smart mask',
  help: 'Click an object, and it gets a mask. Alt clicks what isn’t part of it, a drag draws a box around it, a click on a point takes that back. Enter accepts, Esc drops. Corrects the selected mask.',
  keys: ['Shift+S'],
  synonyms: 'click segment sam magic wand points mask segmentation',
  icon: 'M3 13l6.500-6.500 M8 5l3 3 M11.500 2v2 M11.500 7v1.500 M8.500 4.500h1.500 M13 4.500h1.500',
  kind: 'mask',
  initial: SmartIdle,
}
