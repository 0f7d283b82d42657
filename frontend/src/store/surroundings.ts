/** What is said around the tracks (names, labels, the job that is open), which others may change while the page is open. */
import { computed, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Surroundings as SurroundingsMessage } from '@/protocol/generated'
import { workedOn, type Rights } from './rights'
import type { EditorConfig } from './types'

export type Surroundings = Omit<SurroundingsMessage, 'type' | 'why' | 'project'>

export const surroundingsIn = ({
  video,
  layer,
  archived,
  locks_accepted,
  labels,
  job,
}: EditorConfig): Surroundings => ({
  video: video.name,
  layer: layer.name,
  frame_count: video.frame_count,
  width: video.width,
  height: video.height,
  archived,
  locks_accepted,
  labels,
  job,
})

/** The page's configuration as it is now; who reads of it in a view what may change follows that. */
export function currentConfig(
  config: EditorConfig,
  rights: Signal<Rights>,
  surroundings: Signal<Surroundings>,
): EditorConfig {
  const video = computed(() => ({ ...config.video, name: surroundings.value.video }))
  const layer = computed(() => ({ ...config.layer, name: surroundings.value.layer }))
  const editable = computed(() => workedOn(rights.value.editable_ranges, surroundings.value.job))
  return {
    ...config,
    get can_edit() {
      return rights.value.can_edit
    },
    get can_manage() {
      return rights.value.can_manage
    },
    get can_review() {
      return rights.value.can_review
    },
    get can_settle() {
      return rights.value.can_settle
    },
    get editable_ranges() {
      return editable.value
    },
    get video() {
      return video.value
    },
    get layer() {
      return layer.value
    },
    get archived() {
      return surroundings.value.archived
    },
    get locks_accepted() {
      return surroundings.value.locks_accepted
    },
    get labels() {
      return surroundings.value.labels
    },
    get job() {
      return surroundings.value.job
    },
  }
}

/** Whether the video has other frames than this page counts with: only a page that is loaded anew shows it rightly. */
export const isAnotherVideo = (before: Surroundings, now: Surroundings): boolean =>
  before.frame_count !== now.frame_count || before.width !== now.width || before.height !== now.height

/** What to tell when they changed; empty: nothing. `why`: what happened, where the server says. */
export function newsOf(before: Surroundings, now: Surroundings, why: string): string {
  const noJob = before.job && !now.job ? t('You see the whole video now.') : ''
  return [why, noJob].filter(Boolean).join(' ')
}
