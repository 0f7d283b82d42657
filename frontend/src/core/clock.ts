/** Seconds as h:mm:ss.ss, without hours while there are none. `decimals`: of the seconds. */
export function clock(seconds: number, decimals = 2): string {
  // Rounded first: 59.999 is a minute, not sixty seconds.
  const rounded = Number(seconds.toFixed(decimals))
  const hours = Math.floor(rounded / 3600)
  const minutes = Math.floor((rounded % 3600) / 60)
  const rest = (rounded % 60).toFixed(decimals).padStart(decimals ? decimals + 3 : 2, '0')
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}
