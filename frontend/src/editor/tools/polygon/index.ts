import type { Tool } from '@/editor/tool'
import { PolygonIdle } from './idle'

export const POLYGON: Tool = {
  id: 'polygon',
  label: 'Polygon',
  help: 'Click vertices, or draw freehand with the button held. Enter or the first vertex completes it. Hold Ctrl not to stick to neighbours, Alt to follow a neighbour’s border from the last point.',
  keys: ['P'],
  synonyms: 'segment outline area',
  icon: 'M8 2.500l5.500 4-2 7h-7l-2-7z',
  kind: 'polygon',
  initial: PolygonIdle,
}
