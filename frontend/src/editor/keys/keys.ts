/** A key press as written in a command: modifiers in this order, then the key. */
export function keyOf(
  event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string {
  const key = nameOf(event)
  const modifiers = []
  // AltGr, which makes signs on many keyboards, says that Ctrl and Alt are held.
  const madeByAltGr = event.ctrlKey && event.altKey && isSign(key)
  if ((event.ctrlKey || event.metaKey) && !madeByAltGr) modifiers.push('Ctrl')
  if (event.altKey && !madeByAltGr) modifiers.push('Alt')
  // Shift is part of a sign ("?"), but a modifier of letters, digits and named keys.
  if (event.shiftKey && !isSign(key)) modifiers.push('Shift')
  return [...modifiers, key].join('+')
}

const isSign = (key: string) => key.length === 1 && !/[A-Z0-9]/.test(key)

/** What keys make without Option, which on a Mac makes other signs of them. */
const PLAIN: Readonly<Record<string, string>> = {
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
  Minus: '-',
  Equal: '=',
  Backquote: '`',
}

function nameOf({ key, code, altKey }: Pick<KeyboardEvent, 'key' | 'code' | 'altKey'>): string {
  if (key === ' ' || code === 'Space') return 'Space'
  if (key.length > 1) return key
  if (key > '~' && altKey && code.startsWith('Digit')) return code.slice(5)
  if (key > '~' && altKey && PLAIN[code]) return PLAIN[code]
  // A keyboard with other letters (Cyrillic, Greek): the letter at that place.
  if (key > '~' && code.startsWith('Key')) return code.slice(3)
  return key.toUpperCase()
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

/** A key for people: "Ctrl+Shift+Z" → "Ctrl + Shift + Z", arrows as arrows. */
export function shownKey(key: string): string {
  const names: Record<string, string> = {
    ArrowLeft: '←',
    ArrowRight: '→',
    ArrowUp: '↑',
    ArrowDown: '↓',
    Delete: 'Del',
    Escape: 'Esc',
  }
  return (
    key
      .split('+')
      .map((part) => names[part] ?? part)
      .join(' ')
      .trim() || '+'
  )
}
