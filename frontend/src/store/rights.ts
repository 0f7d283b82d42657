/** What this person may do here, which others may change while the page is open. */
import { t } from '@/core/text'
import type { Rights as RightsMessage } from '@/protocol/generated'
import type { EditorConfig, FrameNumber } from './types'

/** `editable_ranges`: first and last frame of what they may change, rising, apart. */
export type Rights = Pick<EditorConfig, 'can_edit' | 'can_manage' | 'can_review' | 'can_settle' | 'editable_ranges'>

export const NO_RIGHTS: Rights = {
  can_edit: false,
  can_manage: false,
  can_review: false,
  can_settle: false,
  editable_ranges: [],
}

export const rightsIn = ({ can_edit, can_manage, can_review, can_settle, editable_ranges }: EditorConfig): Rights => ({
  can_edit,
  can_manage,
  can_review,
  can_settle,
  editable_ranges,
})

export const rightsOf = ({ ranges, can_manage, can_review, can_settle }: RightsMessage): Rights => ({
  can_edit: ranges.length > 0,
  can_manage,
  can_review,
  can_settle,
  editable_ranges: ranges,
})

type Ranges = readonly (readonly [FrameNumber, FrameNumber])[]

/** The frames that may be changed where a job is open: those of it. */
export const workedOn = (ranges: Ranges, job: EditorConfig['job']): Ranges =>
  job
    ? ranges
        .map(([first, last]) => [Math.max(first, job.first), Math.min(last, job.last)] as const)
        .filter(([first, last]) => first <= last)
    : ranges

/** The frames beside some rising ranges, of `count` in all. */
export function beside(ranges: Ranges, count: number): Ranges {
  const ends = [[-1, -1] as const, ...ranges, [count, count] as const]
  return ends
    .slice(1)
    .map(([first], at) => [ends[at]![1] + 1, first - 1] as const)
    .filter(([first, last]) => first <= last)
}

interface Told {
  readonly message: string
  readonly tone: 'info' | 'error'
}

/** What to tell when the rights changed; null: nothing did. `why`: what happened, where the server says. */
export function changeInWords(before: Rights, now: Rights, why = ''): Told | null {
  const told = inWords(before, now, why !== '')
  return told && { ...told, message: why ? `${why} ${told.message}` : told.message }
}

function inWords(before: Rights, now: Rights, explained: boolean): Told | null {
  const ranges = now.editable_ranges.map(([first, last]) => `${first}–${last}`).join(', ')
  if (before.can_edit && !now.can_edit)
    return {
      message: explained
        ? t('You can look at this video from now on, but no longer edit it.')
        : t('You can look at this video from now on, but no longer edit it: your role or your job has changed.'),
      tone: 'error',
    }
  if (!before.can_edit && now.can_edit)
    return { message: t('You can edit this video now: frames {frames}.', { frames: ranges }), tone: 'info' }
  if (before.editable_ranges.join() !== now.editable_ranges.join())
    return { message: t('The frames that you may edit have changed: {frames}.', { frames: ranges }), tone: 'info' }
  return null
}
