import type { Tool } from '@/editor/tool'
import { SelectIdle } from './idle'

export const SELECT: Tool = {
  id: 'select',
  label: 'Select',
  help: 'Select, move and resize.',
  keys: ['S'],
  icon: 'M3 2l9 5.2-4 1L10.4 13l-1.9.9-2.3-4.7L3 12z',
  initial: SelectIdle,
}
