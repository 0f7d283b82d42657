/** What is printed on this person's keys: as the browser tells, or as it was learned from what they typed. */
import { signal, type Signal } from '@preact/signals-core'
import { letterAt, placeOfSign } from './places'
import { capital, isAsciiDigit, isAsciiLetter, isForeign, isLatin, isSign } from './signs'

/** What is read of a `KeyboardEvent`. */
export type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> &
  Partial<Pick<KeyboardEvent, 'isComposing' | 'keyCode' | 'getModifierState'>>

/** Place (`KeyboardEvent.code`) → what its key types alone. */
export type Printed = Readonly<Record<string, string>>

export class Keyboard {
  private readonly told: Signal<Printed> = signal({}, { name: 'keyboard.told' })
  private readonly learned: Signal<Printed>
  /** Whether the person types in another script (Cyrillic, Greek, Hebrew …) now. */
  private foreign = false

  /**
   * @param learned what an earlier page had learned.
   * @param mac whether Option, which makes signs of other keys, is the Alt key.
   */
  constructor(
    learned: Printed = {},
    readonly mac = false,
  ) {
    this.learned = signal(learned, { name: 'keyboard.learned' })
  }

  /**
   * What the browser says of the layout that is chosen now. It counts more than what was learned before; but a browser
   * that says the same again, after keys typed something else, knows less than they tell.
   */
  tell(printed: Printed): void {
    if (sameAs(this.told.value, printed)) return
    this.told.value = printed
    this.learned.value = {}
  }

  /**
   * Learn from a press. Returns whether it types something else than was known: the layout is another one now.
   */
  learn(press: Press): boolean {
    const { key, code } = press
    if (isForeign(key)) this.foreign = true
    else if (isLatin(key) && key.length === 1) this.foreign = false
    const known = this.at(code)
    if (!isPlain(press) || known === key) return false
    // A Cyrillic keyboard has Latin letters beside its own: those are the names of the commands.
    if (known && (this.foreign || isForeign(key))) return false
    this.learned.value = { ...this.learned.value, [code]: key }
    return known !== ''
  }

  /** What the key at a place types alone; '' while it isn't known. */
  at(code: string): string {
    return this.learned.value[code] ?? this.told.value[code] ?? ''
  }

  /** The place whose key types this alone; '' where it isn't known, or needs another key with it. */
  where(typed: string): string {
    const known = { ...this.told.value, ...this.learned.value }
    return Object.keys(known).find((code) => known[code] === typed && !code.startsWith('Numpad')) ?? ''
  }

  /** Whether another key than that at a place stands for a digit or sign. What a digit's key types stands for the digit. */
  hasElsewhere(name: string, code: string): boolean {
    const place = this.where(name)
    return place !== '' && place !== code && (isAsciiDigit(name) || !place.startsWith('Digit'))
  }

  /** Whether letters stand for those at their places: their own script has none of the names. */
  typesForeign(key: string): boolean {
    return this.foreign || isForeign(key)
  }

  /** The Latin letter on the key at a place, upper case; '' where there is none. */
  letterAt(code: string): string {
    const printed = this.at(code)
    return isAsciiLetter(printed) ? printed.toUpperCase() : letterAt(code)
  }

  /** What is printed on the key that a person presses for `name` ("N", "2", "["). */
  print(name: string): string {
    const place = this.where(name.toLowerCase())
    if (/^[A-Z]$/.test(name)) return place ? name : this.ifForeign(`Key${name}`, name)
    if (isAsciiDigit(name)) return place || !this.at(`Digit${name}`) ? name : this.at(`Digit${name}`)
    if (!isSign(name)) return name
    // What is typed by a digit's key stands for that digit.
    const other = this.at(placeOfSign(name))
    if (place.startsWith('Digit')) return isSign(other) ? other : name
    return place ? name : this.ifForeign(placeOfSign(name), name)
  }

  toJSON(): Printed {
    return this.learned.value
  }

  private ifForeign(code: string, name: string): string {
    const printed = this.at(code)
    return isForeign(printed) ? capital(printed) : name
  }
}

/** Whether a press shows what its key types alone. */
function isPlain(press: Press): boolean {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = press
  if (ctrlKey || metaKey || altKey || shiftKey || press.isComposing || code.startsWith('Numpad')) return false
  if (press.getModifierState?.('CapsLock') || press.getModifierState?.('AltGraph')) return false
  return key.length === 1 && key !== ' ' && code !== ''
}

const sameAs = (one: Printed, other: Printed): boolean =>
  Object.keys(other).length === Object.keys(one).length &&
  Object.entries(other).every(([code, typed]) => one[code] === typed)
