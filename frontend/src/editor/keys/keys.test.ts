import { describe, expect, it } from 'vitest'
import { keyOf, shownKey } from './keys'

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  code: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

describe('a key press', () => {
  it('is written with its modifiers in one order', () => {
    expect(keyOf(press('Z', { ctrlKey: true, shiftKey: true }))).toBe('Ctrl+Shift+Z')
    expect(keyOf(press('z', { metaKey: true }))).toBe('Ctrl+Z')
    expect(keyOf(press('ArrowRight', { shiftKey: true }))).toBe('Shift+ArrowRight')
    expect(keyOf(press(' '))).toBe('Space')
  })

  it('of a sign is that sign, whatever keys make it', () => {
    expect(keyOf(press('?', { shiftKey: true }))).toBe('?')
    expect(keyOf(press('+', { shiftKey: true }))).toBe('+')
  })

  it('of a sign that needs AltGr is that sign too', () => {
    expect(keyOf(press('{', { ctrlKey: true, altKey: true, code: 'Digit7' }))).toBe('{')
    expect(keyOf(press('K', { ctrlKey: true, altKey: true, code: 'KeyK' }))).toBe('Ctrl+Alt+K')
  })

  it('with Option on a Mac is the key’s own letter, digit or sign', () => {
    expect(keyOf(press('“', { altKey: true, code: 'BracketLeft' }))).toBe('Alt+[')
    expect(keyOf(press('®', { altKey: true, code: 'KeyR' }))).toBe('Alt+R')
    expect(keyOf(press('¡', { altKey: true, code: 'Digit1' }))).toBe('Alt+1')
    expect(keyOf(press('\u00a0', { altKey: true, code: 'Space' }))).toBe('Alt+Space')
  })

  it('on a keyboard with other letters is the letter at that place', () => {
    expect(keyOf(press('а', { code: 'KeyF' }))).toBe('F')
    expect(keyOf(press('я', { code: 'KeyZ', ctrlKey: true }))).toBe('Ctrl+Z')
  })
})

it('keys are shown as people know them', () => {
  expect([shownKey('Ctrl+Shift+Delete'), shownKey('ArrowLeft'), shownKey('+')]).toEqual(['Ctrl Shift Del', '←', '+'])
})
