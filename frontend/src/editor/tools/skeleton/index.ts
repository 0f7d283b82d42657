import type { Tool } from '@/editor/tool'
import { SkeletonIdle } from './idle'

export const SKELETON: Tool = {
  id: 'skeleton',
  label: 'Skeleton',
  icon: 'skeleton',
  kind: 'skeleton',
  initial: SkeletonIdle,
}
