/** Amounts of bytes as people say them. */
import { t } from './text'

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const

/** e.g. "1.06 MB", "249 MB", "64.2 GB": three digits that count. */
export function sizeOf(bytes: number): string {
  let [amount, unit] = [bytes / 1000, 0]
  while (amount >= 999.5 && unit < UNITS.length - 1) [amount, unit] = [amount / 1000, unit + 1]
  const decimals = amount >= 99.5 || !bytes ? 0 : amount >= 9.95 ? 1 : 2
  return t('{amount} {unit}', { amount: amount.toFixed(decimals), unit: UNITS[unit] ?? '' })
}
