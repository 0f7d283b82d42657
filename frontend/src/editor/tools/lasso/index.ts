import type { Tool } from '@/editor/tool'
import { LassoIdle } from './idle'

export const LASSO: Tool = {
  id: 'lasso',
  label: 'Lasso',
  help: 'Draw around objects to select them. Shift adds them to the selection, Alt takes them out.',
  keys: ['A'],
  synonyms: 'multi-select several',
  icon: 'M3 6.500c.3-1 1-1.800 2-2.400 M7 3.200c1.200-.2 2.400-.1 3.500.2 M12.300 4.500c.8.700 1.200 1.500 1.200 2.500 M13 9c-.6.800-1.400 1.400-2.500 1.800 M8.500 11.300c-1.200 0-2.300-.2-3.300-.7 M3.500 9.500C3 8.900 2.800 8.200 2.800 7.800 M4.800 11c-.3 1.200.2 1.800 1 2.300',
  initial: LassoIdle,
}
