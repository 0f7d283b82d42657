import type { Tool } from '@/editor/tool'
import { PolygonIdle } from './idle'

export const POLYGON: Tool = { id: 'polygon', label: 'Polygon', icon: 'polygon', kind: 'polygon', initial: PolygonIdle }
