import type { Tool } from '@/editor/tool'
import { PolylineIdle } from './idle'

export const POLYLINE: Tool = {
  id: 'polyline',
  label: 'Polyline',
  help: 'Click vertices, or draw freehand with the button held. Enter or a double click completes it.',
  keys: ['Shift+P'],
  synonyms: 'line lane',
  icon: 'M2.500 12.500l4-7 4 4 3-6 M1.500 11.500h2v2h-2z M12.500 2.500h2v2h-2z',
  kind: 'polyline',
  initial: PolylineIdle,
}
