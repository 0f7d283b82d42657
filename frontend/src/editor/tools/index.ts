/** Every tool, in the order of the tool bar and of the help. */
import type { Tool } from '@/editor/tool'
import { BOX } from './box'
import { BRUSH } from './brush'
import { COMMENT } from './comment'
import { FILL } from './fill'
import { LASSO } from './lasso'
import { MASK_AREA } from './mask-area'
import { PAN } from './pan'
import { POINTS } from './points'
import { POLYGON } from './polygon'
import { POLYLINE } from './polyline'
import { REGION } from './region'
import { ROTATED_BOX } from './rotated-box'
import { SELECT } from './select'
import { SKELETON } from './skeleton'
import { SLICE } from './slice'
import { SMART } from './smart'

export const TOOLS: readonly [Tool, ...Tool[]] = [
  SELECT,
  LASSO,
  BOX,
  ROTATED_BOX,
  POLYGON,
  POLYLINE,
  POINTS,
  SKELETON,
  SMART,
  BRUSH,
  MASK_AREA,
  FILL,
  SLICE,
  REGION,
  COMMENT,
  PAN,
]
