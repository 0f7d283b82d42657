import type { Tool } from '@/editor/tool'
import { LassoIdle } from './idle'

export const LASSO: Tool = { id: 'lasso', label: 'Lasso', icon: 'selectAround', initial: LassoIdle }
