import type { Tool } from '@/editor/tool'
import { PointsIdle } from './idle'

export const POINTS: Tool = { id: 'points', label: 'Points', icon: 'points', kind: 'points', initial: PointsIdle }
