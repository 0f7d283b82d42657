import type { Tool } from '@/editor/tool'
import { SelectIdle } from './idle'

export const SELECT: Tool = { id: 'select', label: 'Select', icon: 'cursor', initial: SelectIdle }
