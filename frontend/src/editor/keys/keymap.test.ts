import { beforeEach, describe, expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import { keyboard, press } from '@/testing/keyboards'
import { TestEditor } from '@/testing/test-editor'
import { Commands } from '@/editor/command'
import { COMMANDS } from '@/editor/commands'
import { commandOf } from '@/editor/tool'
import { TOOLS } from '@/editor/tools'
import { KeySettings } from '@/editor/preferences/keys'
import { PRESETS } from './presets'
import { choiceOf } from './choice'
import { Keymap } from './keymap'

const ALL = new Commands([...TOOLS.map(commandOf), ...COMMANDS])
let keymap: Keymap

beforeEach(() => {
  keymap = new Keymap(new KeySettings(), ALL)
})

describe('a key', () => {
  it('does what its command says until the person chooses another', () => {
    expect(keymap.commandFor('K')?.id).toBe('shape.keyframe')
    keymap.assign('shape.keyframe', ['X'])
    expect([keymap.commandFor('X')?.id, keymap.commandFor('K')]).toEqual(['shape.keyframe', null])
    expect(keymap.shown('shape.keyframe')).toBe('X')
  })

  it('is taken from the command that had it', () => {
    expect(keymap.holder('shape.keyframe', 'O')?.id).toBe('shape.outside')
    keymap.assign('shape.keyframe', ['K', 'O'])
    expect(keymap.keysOf('shape.outside')).toEqual([])
    keymap.assign('shape.occluded', ['O'])
    expect([keymap.keysOf('shape.keyframe'), keymap.commandFor('O')?.id]).toEqual([['K'], 'shape.occluded'])
  })

  it('is no conflict with the command’s own, or with one that is for drawing', () => {
    expect(keymap.holder('shape.keyframe', 'K')).toBeNull()
    expect(keymap.holder('tool.box', 'Enter')).toBeNull()
  })

  it('comes back when it is reset, also to whom it was taken from', () => {
    keymap.assign('shape.keyframe', ['O'])
    keymap.reset('shape.keyframe')
    expect([keymap.keysOf('shape.keyframe'), keymap.keysOf('shape.outside')]).toEqual([['K'], ['O']])
  })

  it('that was set as it was anyway is nobody’s own', () => {
    keymap.assign('shape.keyframe', ['X'])
    keymap.assign('shape.keyframe', ['K'])
    expect(keymap.isOwn('shape.keyframe')).toBe(false)
  })

  it('means something else while a shape is drawn', async () => {
    const test = await TestEditor.open()
    test.press('N')
    expect(test.session.tool.value).toBe('box')
    test.pointerDown(10, 10).pointerMove(60, 50).press('N')
    expect(test.box(test.tracks[0]!)).toEqual([10, 10, 60, 50])
    expect(test.session.tool.value).toBe('select')
  })
})

describe('every preset', () => {
  it.each(Object.entries(PRESETS))('%s names commands that exist, and no key twice', (_, { keys }) => {
    for (const id of Object.keys(keys)) expect(ALL.named(id).id).toBe(id)
    const all = Object.values(keys).flat()
    expect(new Set(all).size).toBe(all.length)
  })

  it.each(Object.entries(PRESETS))('%s leaves no command without a key', (preset) => {
    keymap.restore({ preset })
    const lost = ALL.all.filter(({ id, keys }) => keys.length && !keymap.keysOf(id).length)
    expect(lost.map(({ id }) => id)).toEqual([])
  })

  it('lies below the person’s own keys', () => {
    keymap.assign('frame.next', ['X'])
    keymap.preset.value = 'supervisely'
    expect([keymap.keysOf('frame.next'), keymap.commandFor('Enter')?.id]).toEqual([['X'], 'playback.toggle'])
  })
})

describe('a kept map', () => {
  it('is the same after it was written and read', () => {
    keymap.preset.value = 'cvat'
    keymap.assign('shape.keyframe', ['X'])
    expect(new Keymap(new KeySettings(JSON.parse(JSON.stringify(keymap))), ALL).toJSON()).toEqual(keymap.toJSON())
  })

  it('of another version, or of no kind at all, does no harm', () => {
    expect(
      new Keymap(
        new KeySettings({ preset: 'vim', own: { 'no.such': ['X'], 'frame.next': 'F', 'track.lock': ['Y'] } }),
        ALL,
      ).toJSON(),
    ).toEqual({
      preset: 'framewise',
      own: { 'track.lock': ['Y'] },
    })
    expect(new Keymap(new KeySettings(null), ALL).keysOf('track.lock')).toEqual(['L'])
  })
})

describe('on another keyboard', () => {
  const azerty = (own: Record<string, string[]> = {}) => new Keymap(new KeySettings({ own }), ALL, keyboard('azerty'))
  const done = (map: Keymap, ...pressed: Parameters<typeof press>) =>
    map.commandFor(map.readings(press(...pressed)))?.id

  it('digits choose labels with and without Shift, and what is printed is shown', () => {
    expect(done(azerty(), 'é', 'Digit2')).toBe('label.2')
    expect(done(azerty(), '2', 'Digit2', 'Shift')).toBe('label.2')
    expect(done(azerty(), '-', 'Digit6')).toBe('label.6')
    expect([azerty().shown('label.2'), azerty().shown('view.fit'), azerty().shown('view.zoom-out')]).toEqual([
      'é',
      'à',
      ')',
    ])
  })

  it('Shift with a digit can be another command’s', () => {
    const map = azerty({ 'track.lock': ['Shift+2'] })
    expect([done(map, '2', 'Digit2', 'Shift'), done(map, 'é', 'Digit2')]).toEqual(['track.lock', 'label.2'])
    const us = new Keymap(new KeySettings({ own: { 'track.lock': ['Shift+2'] } }), ALL, keyboard('us'))
    expect([done(us, '@', 'Digit2', 'Shift'), done(us, '2', 'Digit2')]).toEqual(['track.lock', 'label.2'])
  })

  it('a key that was chosen when only what it types counted is still the person’s', () => {
    expect(done(azerty({ 'track.lock': ['É'] }), 'é', 'Digit2')).toBe('track.lock')
    expect(done(azerty({ 'view.zoom-out': ['-', 'X'] }), '-', 'Digit6')).toBe('label.6')
  })

  it('a key’s own letter comes before the sign that has its place elsewhere', () => {
    const german = (own: Record<string, string[]> = {}) => new Keymap(new KeySettings({ own }), ALL, keyboard('german'))
    expect(done(german(), 'ü', 'BracketLeft')).toBe('range.first')
    expect(done(german({ 'track.lock': ['Ü'] }), 'ü', 'BracketLeft')).toBe('track.lock')
    expect(done(german(), '[', 'Digit8', 'AltGr')).toBe('range.first')
    expect(done(german(), '€', 'KeyE', 'AltGr')).toBeUndefined()
  })
})

it('a key that was pressed is free, had, another’s, or the browser’s', () => {
  const kinds = ['X', 'K', 'O', 'Ctrl+W'].map((key) => choiceOf(keymap, 'shape.keyframe', key))
  expect(kinds.map(({ kind }) => kind)).toEqual(['free', 'had', 'taken', 'reserved'])
  expect(kinds[2]).toMatchObject({ holder: { id: 'shape.outside' } })
  const labels = [{ ...CONFIG.labels[0]!, hotkey: 'x' }]
  expect(choiceOf(keymap, 'shape.keyframe', 'X', labels)).toMatchObject({ kind: 'label', label: { name: 'person' } })
})
