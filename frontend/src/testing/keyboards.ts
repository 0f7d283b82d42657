/** Keyboards that people have: what their keys type, as browsers tell it, and presses on them. */
import { Keyboard, type Press, type Printed } from '@/editor/keys/keyboard'

type Held = 'Ctrl' | 'Alt' | 'Shift' | 'Meta' | 'AltGr' | 'CapsLock'

/** A press as its event tells it. `held`: "Ctrl+Shift". */
export function press(key: string, code = '', held = ''): Press {
  const all = new Set(held.split('+') as Held[])
  return {
    key,
    code,
    ctrlKey: all.has('Ctrl'),
    altKey: all.has('Alt'),
    shiftKey: all.has('Shift'),
    metaKey: all.has('Meta'),
    getModifierState: (which) => all.has(which === 'AltGraph' ? 'AltGr' : (which as Held)),
  }
}

const ROW = ['Digit1', 'Digit2', 'Digit3', 'Digit4', 'Digit5', 'Digit6', 'Digit7', 'Digit8', 'Digit9', 'Digit0']
const UPPER = 'QWERTYUIOP'.split('').map((letter) => `Key${letter}`)
const MIDDLE = 'ASDFGHJKL'.split('').map((letter) => `Key${letter}`)
const LOWER = 'ZXCVBNM'.split('').map((letter) => `Key${letter}`)
const PLACES = [
  ['Backquote', ...ROW, 'Minus', 'Equal'],
  [...UPPER, 'BracketLeft', 'BracketRight', 'Backslash'],
  [...MIDDLE, 'Semicolon', 'Quote'],
  [...LOWER, 'Comma', 'Period', 'Slash'],
]

/** What the keys type alone, row by row; `Backslash` is the last of the second row. */
const printed = (...rows: readonly string[]): Printed =>
  Object.fromEntries(rows.flatMap((row, at) => row.split('').map((typed, index) => [PLACES[at]![index]!, typed])))

export const LAYOUTS = {
  us: printed('`1234567890-=', 'qwertyuiop[]\\', "asdfghjkl;'", 'zxcvbnm,./'),
  azerty: printed('²&é"\'(-è_çà)=', 'azertyuiop^$*', 'qsdfghjklmù', 'wxcvbn,;:!'),
  czech: printed(';+ěščřžýáíé=´', 'qwertzuiopú)¨', 'asdfghjklů§', 'yxcvbnm,.-'),
  german: printed('^1234567890ß´', 'qwertzuiopü+#', 'asdfghjklöä', 'yxcvbnm,.-'),
  hungarian: printed('0123456789öüó', 'qwertzuiopőúű', 'asdfghjkléá', 'yxcvbnm,.-'),
  dvorak: printed('`1234567890[]', "',.pyfgcrl/=\\", 'aoeuidhtns-', ';qjkxbmwvz'),
  programmerDvorak: printed('$&[{}(=*)+]!#', ';,.pyfgcrl/@\\', 'aoeuidhtns-', "'qjkxbmwvz"),
  turkish: printed('"1234567890*-', 'qwertyuıopğü,', 'asdfghjklşi', 'zxcvbnmöç.'),
  russian: printed('ё1234567890-=', 'йцукенгшщзхъ\\', 'фывапролджэ', 'ячсмитьбю.'),
  hebrew: printed(';1234567890-=', "/'קראטוןםפ][\\", 'שדגכעיחלךף,', 'זסבהנמצתץ.'),
} as const satisfies Record<string, Printed>

/** A keyboard whose layout the browser tells; `name` absent: one that tells nothing. */
export function keyboard(name?: keyof typeof LAYOUTS, mac = false): Keyboard {
  const made = new Keyboard({}, mac)
  if (name) made.tell(LAYOUTS[name])
  return made
}
