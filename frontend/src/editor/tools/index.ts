/** Every tool, in the order of the tool bar. */
import type { Tool } from '@/editor/tool'
import { BOX } from './box'
import { PAN } from './pan'
import { SELECT } from './select'
import { SKELETON } from './skeleton'

export const TOOLS: readonly Tool[] = [SELECT, BOX, SKELETON, PAN]
