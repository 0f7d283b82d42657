import type { Tool } from '@/editor/tool'
import { RegionIdle } from './idle'

export const REGION: Tool = {
  id: 'region',
  label: 'Region to find in',
  help: 'Drag the rectangle in which new objects are looked for; a click takes it away.',
  keys: [],
  synonyms: 'region of interest ROI detector',
  icon: 'M2 5V2h3 M11 2h3v3 M14 11v3h-3 M5 14H2v-3',
  aside: true,
  initial: RegionIdle,
}
