import type { Label } from '@/store/types'
import type { Command } from '@/editor/command'
import type { Keymap } from './keymap'

/** Whether a key that was pressed can be given to a command. */
export type Choice =
  | { readonly kind: 'free' | 'had' | 'reserved'; readonly key: string }
  | { readonly kind: 'taken'; readonly key: string; readonly holder: Command }
  | { readonly kind: 'label'; readonly key: string; readonly label: Label }

/** Browsers act on these before a page hears of them. */
const RESERVED = new Set(
  ['N', 'T', 'W', 'Shift+N', 'Shift+T', 'Shift+W', 'Tab', 'Shift+Tab', 'PageUp', 'PageDown']
    .map((key) => `Ctrl+${key}`)
    .concat('F11', 'F12', 'Alt+F4', 'Alt+Tab'),
)

/** `labels`: of this project; a command comes before a label that has the same key. */
export function choiceOf(keymap: Keymap, id: string, key: string, labels: readonly Label[] = []): Choice {
  if (RESERVED.has(key)) return { kind: 'reserved', key }
  if (keymap.keysOf(id).includes(key)) return { kind: 'had', key }
  const holder = keymap.holder(id, key)
  if (holder) return { kind: 'taken', key, holder }
  const label = labels.find(({ hotkey }) => hotkey.toUpperCase() === key)
  return label ? { kind: 'label', key, label } : { kind: 'free', key }
}

/** Whether the press is of a key that only changes others, so that one waits for the next. */
export const isModifier = (key: string): boolean =>
  ['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Dead', 'Process', 'Fn'].includes(key)
