/** In which ways two layers differ, and what that is called. */
import type { DifferenceOut } from '@/protocol/generated'

export type DifferenceKind = DifferenceOut['kind']

export const DIFFERENCE_KINDS: readonly DifferenceKind[] = ['missed', 'extra', 'switch', 'overlap', 'label']

export const KIND_NAMES: Record<DifferenceKind, string> = {
  missed: 'Missed',
  extra: 'Extra',
  switch: 'Switched identity',
  overlap: 'Poor overlap',
  label: 'Other label',
}
