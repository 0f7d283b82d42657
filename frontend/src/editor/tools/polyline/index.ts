import type { Tool } from '@/editor/tool'
import { PolylineIdle } from './idle'

export const POLYLINE: Tool = {
  id: 'polyline',
  label: 'Polyline',
  icon: 'polyline',
  kind: 'polyline',
  initial: PolylineIdle,
}
