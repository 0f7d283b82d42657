/** Times as people say them. Each is rounded first and then split, so that there is no second sixty. */
import { t } from './text'

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** A place in a video: seconds as h:mm:ss.ss, without hours while there are none. `decimals`: of the seconds. */
export function clock(seconds: number, decimals = 2): string {
  const perSecond = 10 ** decimals
  const parts = Math.round(seconds * perSecond)
  const [hours, minutes] = [Math.floor(parts / 3600 / perSecond), Math.floor(parts / 60 / perSecond) % 60]
  const rest = ((parts % (60 * perSecond)) / perSecond).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, '0')
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** How long a video is: "24.0 s", "4:59", "1:02:03". */
export function lengthOf(seconds: number): string {
  const tenths = Math.round(seconds * 10)
  return tenths < 600 ? t('{seconds} s', { seconds: (tenths / 10).toFixed(1) }) : clock(seconds, 0)
}

/** How long something will take, about: "3 s", "2 min", "3 h". */
export function lasting(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 90) return t('{seconds} s', { seconds: whole })
  const minutes = Math.round(whole / 60)
  return minutes < 90 ? t('{minutes} min', { minutes }) : t('{hours} h', { hours: Math.round(minutes / 60) })
}

/** e.g. "just now", "5 minutes ago", "yesterday". Both times in ms since 1970. */
export function ago(then: number, now: number): string {
  const seconds = Math.max((now - then) / 1000, 0)
  const step = STEPS.find(([, length]) => seconds >= length)
  return step ? relative.format(-Math.floor(seconds / step[1]), step[0]) : t('just now')
}

/** e.g. "23 Nov 2026, 12:57:33" */
export const exactly = (then: number): string => exact.format(then)
