/** What this person may do here, which others may change while the page is open. */
import type { Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Rights as RightsMessage } from '@/protocol/generated'
import type { EditorConfig, FrameNumber } from './types'

export interface Rights {
  readonly canEdit: boolean
  readonly canManage: boolean
  /** Frames whose shapes they may change; both ends are part of a range. */
  readonly editableRanges: readonly (readonly [FrameNumber, FrameNumber])[]
}

export const NO_RIGHTS: Rights = { canEdit: false, canManage: false, editableRanges: [] }

export const rightsIn = ({ canEdit, canManage, editableRanges }: EditorConfig): Rights => ({
  canEdit,
  canManage,
  editableRanges,
})

export const rightsOf = ({ ranges, can_manage: canManage }: RightsMessage): Rights => ({
  canEdit: ranges.length > 0,
  canManage,
  editableRanges: ranges,
})

/** The page's configuration with rights that are always the current ones; who reads them in a view follows them. */
export function withRights(config: EditorConfig, rights: Signal<Rights>): EditorConfig {
  return {
    ...config,
    get canEdit() {
      return rights.value.canEdit
    },
    get canManage() {
      return rights.value.canManage
    },
    get editableRanges() {
      return rights.value.editableRanges
    },
  }
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
  const ranges = now.editableRanges.map(([first, last]) => `${first}–${last}`).join(', ')
  if (before.canEdit && !now.canEdit)
    return {
      message: explained
        ? t('You can look at this video from now on, but no longer edit it.')
        : t('You can look at this video from now on, but no longer edit it: your role or your job has changed.'),
      tone: 'error',
    }
  if (!before.canEdit && now.canEdit)
    return { message: t('You can edit this video now: frames {frames}.', { frames: ranges }), tone: 'info' }
  if (before.editableRanges.join() !== now.editableRanges.join())
    return { message: t('The frames that you may edit have changed: {frames}.', { frames: ranges }), tone: 'info' }
  return null
}
