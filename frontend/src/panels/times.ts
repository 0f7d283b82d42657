import { t } from '@/core/text'
/** Times as people say them. */

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** e.g. "just now", "5 minutes ago", "yesterday". Both times in ms since 1970. */
export function ago(then: number, now: number): string {
  const seconds = Math.max((now - then) / 1000, 0)
  const step = STEPS.find(([, length]) => seconds >= length)
  return step ? relative.format(-Math.floor(seconds / step[1]), step[0]) : t('just now')
}

/** e.g. "23 Nov 2026, 12:57:33" */
export const exactly = (then: number): string => exact.format(then)
