import { expect, it } from 'vitest'
import { keyboard, LAYOUTS, press } from '@/testing/keyboards'
import { Keyboard } from './keyboard'

it('a keyboard of which the browser tells nothing is learned by what it types', () => {
  const learned = keyboard()
  expect(learned.print('1')).toBe('1')
  expect(learned.learn(press('&', 'Digit1'))).toBe(false)
  expect(learned.print('1')).toBe('&')
  expect(new Keyboard(JSON.parse(JSON.stringify(learned)) as Record<string, string>).print('1')).toBe('&')
})

it('what types with Shift, Caps Lock, Ctrl, AltGr or on the number pad teaches nothing', () => {
  const learned = keyboard()
  for (const held of ['Shift', 'CapsLock', 'Ctrl', 'Alt', 'AltGr']) learned.learn(press('!', 'Digit1', held))
  learned.learn(press('1', 'Numpad1'))
  learned.learn(press('Dead', 'BracketLeft'))
  learned.learn(press(' ', 'Space'))
  expect(learned.toJSON()).toEqual({})
})

it('a key that types something else than was told shows that the layout is another one now', () => {
  const changed = keyboard('us')
  expect(changed.learn(press('1', 'Digit1'))).toBe(false)
  expect(changed.learn(press('é', 'Digit2'))).toBe(true)
  changed.tell(LAYOUTS.us)
  expect(changed.print('2')).toBe('é')
  changed.tell(LAYOUTS.azerty)
  expect([changed.print('1'), changed.toJSON()]).toEqual(['&', {}])
})

it('a second script beside the Latin one doesn’t hide its letters', () => {
  const both = keyboard('us')
  expect(both.learn(press('т', 'KeyN'))).toBe(false)
  expect(both.print('N')).toBe('N')
  const unknown = keyboard()
  unknown.learn(press('т', 'KeyN'))
  expect(unknown.print('N')).toBe('Т')
  unknown.learn(press('n', 'KeyN'))
  unknown.learn(press('т', 'KeyN'))
  expect(unknown.print('N')).toBe('N')
})
