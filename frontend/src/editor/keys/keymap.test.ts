import { beforeEach, describe, expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
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

it('a key that was pressed is free, had, another’s, or the browser’s', () => {
  const kinds = ['X', 'K', 'O', 'Ctrl+W'].map((key) => choiceOf(keymap, 'shape.keyframe', key))
  expect(kinds.map(({ kind }) => kind)).toEqual(['free', 'had', 'taken', 'reserved'])
  expect(kinds[2]).toMatchObject({ holder: { id: 'shape.outside' } })
  const labels = [{ ...CONFIG.labels[0]!, hotkey: 'x' }]
  expect(choiceOf(keymap, 'shape.keyframe', 'X', labels)).toMatchObject({ kind: 'label', label: { name: 'person' } })
})
