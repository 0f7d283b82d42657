import type { Tool } from '@/editor/tool'
import { BoxIdle } from './idle'

export const BOX: Tool = {
  id: 'box',
  label: 'Box',
  help: 'Drag a box around a new object. Shift makes it square, Alt draws from its middle.',
  keys: ['B'],
  synonyms: 'rectangle bounding box bbox cuboid',
  icon: 'M2.5 3.5h11v9h-11z M1.5 2.5h2v2h-2z M12.500 2.5h2v2h-2z M1.5 11.500h2v2h-2z M12.500 11.500h2v2h-2z',
  kind: 'box',
  initial: BoxIdle,
}
