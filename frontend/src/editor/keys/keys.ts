/**
 * A key press as commands name it: modifiers in this order, then the key ("Ctrl+Shift+Z", "2", "?", "ArrowLeft").
 *
 * Letters and signs are what is printed on the person's key, digits are the keys of the top row whatever they type
 * without Shift. Where a keyboard has none of that, the key at the place counts that it has on a US keyboard.
 */
import { digitAt, letterAt, signAt } from './places'
import type { Keyboard, Press } from './keyboard'
import { capital, isAsciiDigit, isAsciiLetter, isForeign, isLatin, isNamed, isSign } from './signs'

export type { Press } from './keyboard'

/** What is no key of its own: it changes the next one, composes a text, or isn't known. */
const SILENT = new Set(['Dead', 'Process', 'Unidentified', 'AltGraph', ''])

/** Whether a press belongs to a text that an input method is composing. */
export function isComposing(press: Pick<Press, 'key' | 'isComposing' | 'keyCode'>): boolean {
  // Safari says of the Enter that ends a composition only by its code that it belongs to it (webkit.org/b/165004).
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return press.isComposing === true || press.key === 'Process' || press.keyCode === 229
}

/**
 * Everything that a press may mean, the likeliest first; nothing while it only composes a sign. The first one is its
 * name. More than one: on an AZERTY keyboard, Shift with the key "é" types "2", so it is Shift+2 and 2.
 */
export function readings(press: Press, keyboard: Keyboard): readonly string[] {
  if (isComposing(press)) return []
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = press
  if (isByAltGr(press, keyboard)) return isSign(key) ? [key] : []
  const held = [...(ctrlKey || metaKey ? ['Ctrl'] : []), ...(altKey ? ['Alt'] : [])]
  const typed = plainly(press, keyboard)
  const names = SILENT.has(typed) ? [] : namesOf(typed, code, shiftKey, keyboard)
  const found = names.map((name) => [...held, name].join('+'))
  // With Option a Mac types the signs that other keyboards have on AltGr.
  if (keyboard.mac && altKey && !ctrlKey && !metaKey && isSign(key)) found.push(key)
  return [...new Set(found)]
}

/** What a press types without what only changes it: Caps Lock, and Alt on a Mac or with a dead key. */
function plainly(press: Press, keyboard: Keyboard): string {
  const { key, code, altKey, ctrlKey, metaKey, shiftKey } = press
  if (key.length > 1 && key !== 'Dead') return key
  const alone = keyboard.at(code) || letterAt(code).toLowerCase() || digitAt(code) || signAt(code, false)
  const changed = key === 'Dead' || (altKey && (keyboard.mac || (key > '~' && !isForeign(key))))
  if (changed && (altKey || ctrlKey || metaKey)) return code === 'Space' ? ' ' : alone
  const locked = press.getModifierState?.('CapsLock') === true && !shiftKey && keyboard.at(code) !== ''
  return locked && !keyboard.typesForeign(key) ? alone : key
}

/** AltGr makes signs and letters; Windows says of it that Ctrl and Alt are held. */
function isByAltGr(press: Press, keyboard: Keyboard): boolean {
  const { key, code, ctrlKey, altKey } = press
  if (keyboard.mac) return false
  if (press.getModifierState?.('AltGraph')) return true
  if (!ctrlKey || !altKey) return false
  if (key === 'Dead') return true
  const alone = keyboard.at(code) || signAt(code, false) || digitAt(code)
  return key !== alone && (isSign(key) || (isLatin(key) && !isNamed(key) && !isAsciiLetter(key)))
}

/** The names of what is typed, without Ctrl and Alt. Shift is part of a sign ("?"), but a modifier of all else. */
function namesOf(typed: string, code: string, shift: boolean, keyboard: Keyboard): string[] {
  const shifted = (name: string) => (shift ? `Shift+${name}` : name)
  if (typed === ' ' || code === 'Space') return [shifted('Space')]
  if (isAsciiDigit(typed)) return [shifted(typed), typed]
  if (isNamed(typed) && typed.length > 1) return [shifted(typed)]
  const own = isForeign(typed) ? [] : [isSign(typed) ? typed : shifted(capital(typed))]
  const place = atPlace(typed, code, shift, keyboard)
  const digit = digitAt(code)
  if (digit && shift) return [...own, shifted(digit), ...place]
  if (digit && !keyboard.hasElsewhere(digit, code)) return [digit, ...own]
  return own.length || place.length ? [...own, ...place] : [shifted(capital(typed))]
}

/** What the key is that has this place on a US keyboard, unless another one has that here. */
function atPlace(typed: string, code: string, shift: boolean, keyboard: Keyboard): string[] {
  const letter = keyboard.letterAt(code)
  if (letterAt(code)) {
    if (!keyboard.typesForeign(typed)) return []
    return [shift ? `Shift+${letter}` : letter]
  }
  const sign = signAt(code, shift)
  return sign && !keyboard.hasElsewhere(sign, code) ? [sign] : []
}

/** Whether a key press is for the control that has the focus, not a command: typing, choosing, pressing a button. */
export function belongsToControl(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  const pressing = key === 'Space' || key === 'Enter'
  if (target instanceof HTMLInputElement) return target.type === 'checkbox' ? pressing : true
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true
  return pressing && target.closest('button, a[href], summary') !== null
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Delete: 'Del',
  Escape: 'Esc',
}
const ON_A_MAC: Readonly<Record<string, string>> = { Ctrl: '⌘', Alt: '⌥', Shift: '⇧' }

/** A key for assistive software (https://www.w3.org/TR/wai-aria-1.2/#aria-keyshortcuts): "Ctrl+Z" → "Control+Z". */
export const ariaKey = (key: string): string => key.replace('Ctrl+', 'Control+')

/** A key for people, as it is printed: "Ctrl+Shift+Delete" → "Ctrl Shift Del", "1" → "&" on an AZERTY keyboard. */
export function shownKey(key: string, keyboard: Keyboard): string {
  const [, before = '', name = ''] = /^((?:(?:Ctrl|Alt|Shift)\+)*)(.+)$/s.exec(key) ?? []
  const held = before.split('+').filter(Boolean)
  return [...held.map((each) => (keyboard.mac && ON_A_MAC[each]) || each), NAMES[name] ?? keyboard.print(name)].join(
    ' ',
  )
}
