import type { Tool } from '@/editor/tool'
import { SliceIdle } from './idle'

export const SLICE: Tool = { id: 'slice', label: 'Slice', icon: 'slice', aside: true, initial: SliceIdle }
