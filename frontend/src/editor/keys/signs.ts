/** Of which kind a text is that a key typed. */

/** A key with a name, "ArrowLeft" or "F2", in contrast to what a key types. */
export const isNamed = (key: string): boolean => /^[A-Z][A-Za-z0-9]+$/.test(key)

/** What types no letter, no digit and no space: "+", "é" is none. */
export const isSign = (key: string): boolean => /^[^\p{L}\p{M}\p{Nd}\p{Z}\p{C}]$/u.test(key)

export const isAsciiDigit = (key: string): boolean => /^[0-9]$/.test(key)

export const isLatin = (key: string): boolean => /^\p{Script=Latin}+$/u.test(key)

export const isAsciiLetter = (key: string): boolean => /^[A-Za-z]$/.test(key)

/** A letter, or several at once, of a script other than Latin. */
export const isForeign = (key: string): boolean => /^[\p{L}\p{M}]/u.test(key) && !isLatin(key) && !isNamed(key)

/** As letters are written on keys; of letters that have no capital ("ß") as they are. */
export function capital(letter: string): string {
  const upper = letter.toUpperCase()
  return upper.length === letter.length ? upper : letter
}
