import { describe, expect, it } from 'vitest'
import { keyboard, press } from '@/testing/keyboards'
import { ariaKey, isComposing, readings, shownKey } from './keys'

const named = (...pressed: Parameters<typeof press>) => readings(press(...pressed), keyboard())[0]

describe('a key press', () => {
  it('is written with its modifiers in one order', () => {
    expect(named('Z', 'KeyZ', 'Ctrl+Shift')).toBe('Ctrl+Shift+Z')
    expect(named('z', 'KeyZ', 'Meta')).toBe('Ctrl+Z')
    expect(named('ArrowRight', 'ArrowRight', 'Shift')).toBe('Shift+ArrowRight')
    expect(named(' ', 'Space')).toBe('Space')
    expect(named(' ', 'Space', 'Shift')).toBe('Shift+Space')
  })

  it('of a sign is that sign, whatever keys make it', () => {
    expect(named('?', 'Slash', 'Shift')).toBe('?')
    expect(named('?', 'Minus', 'Shift')).toBe('?')
    expect(named('.', 'Period', 'Ctrl')).toBe('Ctrl+.')
  })

  it('is the same with Caps Lock', () => {
    expect(named('N', 'KeyN', 'CapsLock')).toBe('N')
    expect(named('n', 'KeyN', 'CapsLock+Shift')).toBe('Shift+N')
  })

  it('on the number pad is its digit or sign', () => {
    expect(readings(press('2', 'Numpad2'), keyboard())).toEqual(['2'])
    expect(named('-', 'NumpadSubtract')).toBe('-')
    expect(named('ArrowDown', 'Numpad2')).toBe('ArrowDown')
  })

  it('that only begins or composes a sign is nothing', () => {
    expect(readings(press('Dead', 'BracketLeft'), keyboard())).toEqual([])
    expect(readings(press('Dead', 'Digit2', 'Ctrl+Alt'), keyboard())).toEqual([])
    expect(readings(press('Process', 'KeyN'), keyboard())).toEqual([])
    expect(readings({ ...press('n', 'KeyN'), isComposing: true }, keyboard())).toEqual([])
    expect(readings(press('Unidentified'), keyboard())).toEqual([])
    expect([229, 13].map((keyCode) => isComposing(Object.assign(press('Enter'), { keyCode })))).toEqual([true, false])
  })

  it('with AltGr is the sign it types and no command of its letter, digit or place', () => {
    for (const held of ['AltGr', 'Ctrl+Alt', 'Ctrl+Alt+AltGr']) {
      expect(readings(press('{', 'Digit7', held), keyboard()), held).toEqual(['{'])
      expect(readings(press('€', 'KeyE', held), keyboard()), held).toEqual(['€'])
      expect(readings(press('ą', 'KeyA', held), keyboard()), held).toEqual([])
    }
    expect(readings(press('ArrowLeft', 'ArrowLeft', 'AltGr'), keyboard())).toEqual([])
  })

  it('with Ctrl and Alt is a command all the same', () => {
    expect(readings(press('K', 'KeyK', 'Ctrl+Alt'), keyboard())).toEqual(['Ctrl+Alt+K'])
    expect(readings(press('т', 'KeyN', 'Ctrl+Alt'), keyboard())).toEqual(['Ctrl+Alt+N'])
    expect(readings(press('[', 'BracketLeft', 'Ctrl+Alt'), keyboard('us'))).toEqual(['Ctrl+Alt+['])
  })
})

describe('Option on a Mac', () => {
  const mac = (...pressed: Parameters<typeof press>) => readings(press(...pressed), keyboard('us', true))

  it('is Alt with the key’s own letter, digit or sign, also where it is a dead key', () => {
    expect(mac('“', 'BracketLeft', 'Alt')[0]).toBe('Alt+[')
    expect(mac('®', 'KeyR', 'Alt')[0]).toBe('Alt+R')
    expect(mac('¡', 'Digit1', 'Alt')[0]).toBe('Alt+1')
    expect(mac('Dead', 'KeyN', 'Alt')).toEqual(['Alt+N'])
    expect(mac('\u00a0', 'Space', 'Alt')).toEqual(['Alt+Space'])
    expect(mac('˚', 'KeyK', 'Ctrl+Alt')).toEqual(['Ctrl+Alt+K'])
  })

  it('is the sign that it types where a command has that alone', () => {
    const german = keyboard('german', true)
    expect(readings(press('[', 'Digit5', 'Alt'), german)).toEqual(['Alt+5', '['])
    expect(readings(press('@', 'KeyL', 'Alt'), german)[0]).toBe('Alt+L')
  })
})

/** Key, code, what is held → everything that it may mean. */
type Row = [key: string, code: string, held: string, readings: string[]]

const TABLES: Record<string, { layout: Parameters<typeof keyboard>[0]; rows: Row[] }> = {
  AZERTY: {
    layout: 'azerty',
    rows: [
      ['&', 'Digit1', '', ['1', '&']],
      ['é', 'Digit2', '', ['2', 'É']],
      ['-', 'Digit6', '', ['6', '-']],
      ['à', 'Digit0', '', ['0', 'À']],
      ['2', 'Digit2', 'Shift', ['Shift+2', '2']],
      ['2', 'Digit2', 'CapsLock', ['2', 'É']],
      ['&', 'Digit1', 'Ctrl', ['Ctrl+1', 'Ctrl+&']],
      ['a', 'KeyQ', '', ['A']],
      ['m', 'Semicolon', '', ['M']],
      [',', 'KeyM', '', [',']],
      ['?', 'KeyM', 'Shift', ['?']],
      ['?', 'KeyM', 'CapsLock', [',']],
      ['.', 'Comma', 'Shift', ['.', '<']],
      [')', 'Minus', '', [')', '-']],
      ['$', 'BracketRight', '', ['$', ']']],
      ['Dead', 'BracketLeft', '', []],
      ['[', 'Digit5', 'AltGr', ['[']],
      ['z', 'KeyW', 'Ctrl', ['Ctrl+Z']],
    ],
  },
  Czech: {
    layout: 'czech',
    rows: [
      ['+', 'Digit1', '', ['1', '+']],
      ['ě', 'Digit2', '', ['2', 'Ě']],
      ['é', 'Digit0', '', ['0', 'É']],
      ['2', 'Digit2', 'Shift', ['Shift+2', '2']],
      ['Ě', 'Digit2', 'CapsLock', ['2', 'Ě']],
      ['ú', 'BracketLeft', '', ['Ú', '[']],
      ['/', 'BracketLeft', 'Shift', ['/', '{']],
      ['z', 'KeyY', '', ['Z']],
      ['-', 'Slash', '', ['-', '/']],
      ['[', 'KeyF', 'AltGr', ['[']],
    ],
  },
  German: {
    layout: 'german',
    rows: [
      ['1', 'Digit1', '', ['1']],
      ['!', 'Digit1', 'Shift', ['!', 'Shift+1']],
      ['§', 'Digit3', 'Shift', ['§', 'Shift+3']],
      ['ü', 'BracketLeft', '', ['Ü', '[']],
      ['+', 'BracketRight', '', ['+', ']']],
      ['ß', 'Minus', '', ['ß']],
      ['#', 'Backslash', '', ['#', '\\']],
      ['y', 'KeyZ', '', ['Y']],
      ['?', 'Minus', 'Shift', ['?', '_']],
      ['ü', 'BracketLeft', 'Alt', ['Alt+Ü', 'Alt+[']],
    ],
  },
  Hungarian: {
    layout: 'hungarian',
    rows: [
      ['0', 'Backquote', '', ['0']],
      ['ö', 'Digit0', '', ['Ö']],
      ['4', 'Digit4', '', ['4']],
    ],
  },
  Dvorak: {
    layout: 'dvorak',
    rows: [
      ['n', 'KeyL', '', ['N']],
      ["'", 'KeyQ', '', ["'"]],
      [',', 'KeyW', '', [',']],
      ['z', 'Slash', '', ['Z']],
      ['[', 'Minus', '', ['[']],
      ['/', 'BracketLeft', '', ['/']],
    ],
  },
  'Programmer Dvorak': {
    layout: 'programmerDvorak',
    rows: [
      ['[', 'Digit2', '', ['2', '[']],
      ['1', 'Digit5', 'Shift', ['Shift+1', '1']],
    ],
  },
  Turkish: {
    layout: 'turkish',
    rows: [
      ['ı', 'KeyI', '', ['I']],
      ['ğ', 'BracketLeft', '', ['Ğ', '[']],
      ['ö', 'Comma', '', ['Ö']],
    ],
  },
  Russian: {
    layout: 'russian',
    rows: [
      ['т', 'KeyN', '', ['N']],
      ['Т', 'KeyN', 'Shift', ['Shift+N']],
      ['я', 'KeyZ', 'Ctrl', ['Ctrl+Z']],
      ['х', 'BracketLeft', '', ['[']],
      ['Х', 'BracketLeft', 'Shift', ['{']],
      ['б', 'Comma', '', [',']],
      ['?', 'Digit7', 'Shift', ['?', 'Shift+7', '&']],
      ['№', 'Digit3', 'Shift', ['№', 'Shift+3', '#']],
    ],
  },
  Hebrew: {
    layout: 'hebrew',
    rows: [
      ['מ', 'KeyN', '', ['N']],
      ['/', 'KeyQ', '', ['/', 'Q']],
      ["'", 'KeyW', '', ["'", 'W']],
    ],
  },
}

describe.each(Object.entries(TABLES))('on a keyboard that is %s', (_, { layout, rows }) => {
  it.each(rows)('%s (%s) %s', (key, code, held, wanted) => {
    const theirs = keyboard(layout)
    theirs.learn(press(theirs.at('KeyN'), 'KeyN'))
    expect(readings(press(key, code, held), theirs)).toEqual(wanted)
  })

  it('digits are those of the top row', () => {
    const theirs = keyboard(layout)
    if (layout === 'hungarian') return
    for (const digit of '123456789') {
      const code = `Digit${digit}`
      expect(readings(press(theirs.at(code), code), theirs)[0]).toBe(digit)
    }
  })
})

it('letters of any script, and what types several at once, are the letter at their place', () => {
  const places = [
    ['ν', 'KeyN'],
    ['ㅜ', 'KeyN'],
    ['み', 'KeyN'],
    ['ى', 'KeyN'],
    ['ั', 'KeyY'],
    ['لا', 'KeyB'],
  ] as const
  for (const [key, code] of places) expect(readings(press(key, code), keyboard()), key).toEqual([code.slice(3)])
  expect(readings(press('٢', 'Digit2'), keyboard())[0]).toBe('2')
})

it('Hebrew signs on keys of letters are letters too where the browser tells of Latin ones', () => {
  const theirs = keyboard('us')
  theirs.learn(press('מ', 'KeyN'))
  expect(readings(press('/', 'KeyQ'), theirs)).toEqual(['/', 'Q'])
  theirs.learn(press('n', 'KeyN'))
  expect(readings(press("'", 'KeyQ'), theirs)).toEqual(["'"])
})

describe('a key for people', () => {
  const shown = (key: string, layout?: Parameters<typeof keyboard>[0]) => shownKey(key, keyboard(layout))

  it('is shown as people know it', () => {
    expect(['Ctrl+Shift+Delete', 'ArrowLeft', '+', 'Ctrl++', 'Shift+1'].map((key) => shown(key))).toEqual([
      'Ctrl Shift Del',
      '←',
      '+',
      'Ctrl +',
      'Shift 1',
    ])
    expect(shownKey('Ctrl+Shift+Z', keyboard('us', true))).toBe('⌘ ⇧ Z')
  })

  it('is what is printed on it', () => {
    expect(['1', 'Ctrl+2', '0', '-', ',', '?', 'N'].map((key) => shown(key, 'azerty'))).toEqual([
      '&',
      'Ctrl é',
      'à',
      ')',
      ',',
      '?',
      'N',
    ])
    expect(['1', '2', '-', '='].map((key) => shown(key, 'czech'))).toEqual(['+', 'ě', '-', '='])
    expect(['1', '[', '+', 'Z'].map((key) => shown(key, 'german'))).toEqual(['1', '[', '+', 'Z'])
    expect(['0', '1'].map((key) => shown(key, 'hungarian'))).toEqual(['0', '1'])
    expect(['N', '[', ',', '1'].map((key) => shown(key, 'russian'))).toEqual(['Т', 'Х', 'Б', '1'])
    expect(['1', '[', 'N'].map((key) => shown(key, 'programmerDvorak'))).toEqual(['&', '/', 'N'])
  })

  it('does what it shows when it is pressed', () => {
    for (const layout of ['us', 'azerty', 'czech', 'german', 'dvorak', 'programmerDvorak', 'russian'] as const) {
      const theirs = keyboard(layout)
      for (const key of ['1', '2', '9', '0', '-', ',', 'N', 'M', 'Q']) {
        const print = shownKey(key, theirs)
        const code = theirs.where(print.toLowerCase())
        expect(code && readings(press(print.toLowerCase(), code), theirs), `${layout} ${key}`).toContain(key)
      }
    }
  })
})

it('assistive software hears of a key by its name in ARIA', () => {
  expect(['Ctrl+Shift+Z', 'Alt+ArrowUp', '?', 'Space'].map(ariaKey)).toEqual([
    'Control+Shift+Z',
    'Alt+ArrowUp',
    '?',
    'Space',
  ])
})
