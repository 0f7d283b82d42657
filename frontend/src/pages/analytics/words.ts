/** Numbers of analytics as people read them. */
import { t } from '@/core/text'
import type { AnalyticsColumn } from '@/protocol/generated'

type Cell = string | number | null | undefined

const whole = new Intl.NumberFormat('en')
const few = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const finer = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

export function inWords(cell: Cell, unit: AnalyticsColumn['unit']): string {
  if (cell === null || cell === undefined) return '–'
  if (typeof cell === 'string') return cell
  if (unit === 'seconds') return worked(cell)
  if (unit === 'elapsed') return elapsed(cell)
  if (unit === 'share') return t('{share} %', { share: few.format(cell * 100) })
  if (unit === 'rate') return cell < 10 ? finer.format(cell) : few.format(cell)
  return whole.format(cell)
}

/** Time that somebody worked: "40 s", "12 min", "3 h 05 min". */
export function worked(seconds: number): string {
  const rounded = Math.round(seconds)
  if (rounded < 60) return t('{seconds} s', { seconds: rounded })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return t('{minutes} min', { minutes })
  return t('{hours} h {minutes} min', {
    hours: Math.floor(minutes / 60),
    minutes: String(minutes % 60).padStart(2, '0'),
  })
}

/** Time by the clock; from two days on "3 d 4 h". */
export function elapsed(seconds: number): string {
  const hours = Math.round(seconds / 3600)
  return hours < 48 ? worked(seconds) : t('{days} d {hours} h', { days: Math.floor(hours / 24), hours: hours % 24 })
}
