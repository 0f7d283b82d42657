import type { Tool } from '@/editor/tool'
import { FillIdle } from './idle'

export const FILL: Tool = { id: 'fill', label: 'Fill', icon: 'fill', kind: 'mask', aside: true, initial: FillIdle }
