import type { Tool } from '@/editor/tool'
import { BrushIdle } from './idle'

export const BRUSH: Tool = { id: 'brush', label: 'Brush', icon: 'brush', kind: 'mask', initial: BrushIdle }
