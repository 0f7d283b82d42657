import type { Command } from './command'
import type { Keymap } from './keymap'

/** Whether a key that was pressed can be given to a command. */
export type Choice =
  | { readonly kind: 'free' | 'had' | 'reserved'; readonly key: string }
  | { readonly kind: 'taken'; readonly key: string; readonly holder: Command }

/** Browsers act on these before a page hears of them. */
const RESERVED = new Set(['N', 'T', 'W', 'Shift+N', 'Shift+T', 'Shift+W', 'Tab', 'Shift+Tab', 'PageUp', 'PageDown'].map((key) => `Ctrl+${key}`).concat('F11', 'F12', 'Alt+F4', 'Alt+Tab'))

export function choiceOf(keymap: Keymap, id: string, key: string): Choice {
  if (RESERVED.has(key)) return { kind: 'reserved', key }
  if (keymap.keysOf(id).includes(key)) return { kind: 'had', key }
  const holder = keymap.holder(id, key)
  return holder ? { kind: 'taken', key, holder } : { kind: 'free', key }
}

/** Whether the press is of a key that only changes others, so that one waits for the next. */
export const isModifier = (key: string): boolean => ['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Process', 'Fn'].includes(key)
