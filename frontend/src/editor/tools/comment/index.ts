import type { Tool } from '@/editor/tool'
import { CommentIdle } from './idle'

export const COMMENT: Tool = {
  id: 'comment',
  label: 'Comment on a region',
  help: 'Drag the rectangle that a new comment is about; one that is being written moves there.',
  keys: ['Shift+M'],
  synonyms: 'issue note remark pin area',
  icon: 'M2 5V2h3 M11 2h3v3 M14 11v3h-3 M5 14H2v-3 M5 6h6 M5 9h4',
  aside: true,
  initial: CommentIdle,
}
