import type { Tool } from '@/editor/tool'
import { BoxIdle } from './idle'

export const BOX: Tool = { id: 'box', label: 'Box', icon: 'box', kind: 'box', initial: BoxIdle }
