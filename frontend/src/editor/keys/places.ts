/**
 * The places of a keyboard's keys by `KeyboardEvent.code`, each with what it types on a US keyboard, whose names the
 * commands use: alone, and with Shift.
 */
const SIGNS: Readonly<Record<string, readonly [plain: string, shifted: string]>> = {
  Backquote: ['`', '~'],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Backslash: ['\\', '|'],
  Semicolon: [';', ':'],
  Quote: ["'", '"'],
  Comma: [',', '<'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
}
const OVER_DIGITS = ')!@#$%^&*('

/** The letter at a place, upper case; '' where there is none. */
export const letterAt = (code: string): string => /^Key([A-Z])$/.exec(code)?.[1] ?? ''

/** The digit at a place, of the top row or of the number pad; '' where there is none. */
export const digitAt = (code: string): string => /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1] ?? ''

/** The sign at a place; '' where there is none. */
export function signAt(code: string, shifted: boolean): string {
  const digit = /^Digit([0-9])$/.exec(code)?.[1]
  if (digit !== undefined) return shifted ? OVER_DIGITS.charAt(Number(digit)) : ''
  return SIGNS[code]?.[shifted ? 1 : 0] ?? ''
}

/** The place of a sign that needs no Shift there; '' for others. */
export const placeOfSign = (sign: string): string => Object.keys(SIGNS).find((code) => SIGNS[code]?.[0] === sign) ?? ''
