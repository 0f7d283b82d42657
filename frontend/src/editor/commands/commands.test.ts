import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { Flag } from '@/store/chunks'
import { videoToView } from '@/geometry/view-transform'
import type { TrackId } from '@/store/types'
import { offersFor } from '@/editor/help/palette'
import { commandOf } from '@/editor/tool'
import { TOOLS } from '@/editor/tools'
import { COMMANDS as OTHERS } from '.'
import { labelOfKey } from './tracks'

const COMMANDS = [...TOOLS.map(commandOf), ...OTHERS]
let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
  test.session.select(track)
})

describe('every command', () => {
  it('has an id and its keys alone to itself; without a key it is found in the palette', () => {
    expect(new Set(COMMANDS.map(({ id }) => id)).size).toBe(COMMANDS.length)
    const keys = COMMANDS.flatMap((command) => command.keys.map((key) => `${command.scope} ${key}`))
    const offered = new Set(offersFor(test.editor, '', COMMANDS.length * 2).map(({ id }) => id))
    expect(COMMANDS.filter(({ id, keys: own }) => !own.length && !offered.has(id))).toEqual([])
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  })

  it.each(COMMANDS.map((command) => [command.id, command] as const))(
    '%s says what it does in a sentence',
    (_, { label, help }) => {
      expect(label).toMatch(/^[A-Z0-9]/)
      expect(help).toMatch(/^[A-Z].*\.$/)
    },
  )
})

describe('moving in time', () => {
  it('steps by one and by ten, and stays within the video', () => {
    test.press('F').press('V').press('D')
    expect(test.session.frame.value).toBe(10)
    test.press('C').press('C')
    expect(test.session.frame.value).toBe(0)
    test.press('End').press('F')
    expect(test.session.frame.value).toBe(999)
  })

  it('jumps to keyframes, and says when there is none', () => {
    test.press('R')
    expect(test.session.frame.value).toBe(20)
    test.press('E')
    expect(test.session.frame.value).toBe(0)
    test.press('E')
    expect(test.session.notice.value?.message).toContain('no keyframe')
  })

  it('jumps to where doubtful predictions begin, stretch by stretch', () => {
    test.predict(track, [5, 6, 7, 12, 13], [0, 0, 10, 10], 'run', Flag.doubtful)
    test.predict(track, [8, 9], [0, 0, 10, 10])
    const visited = ['Shift+R', 'Shift+R', 'Shift+R', 'Shift+E'].map((keys) => test.press(keys).session.frame.value)
    expect(visited).toEqual([5, 12, 12, 5])
    expect(test.session.notice.value?.message).toContain('no doubtful frame')
  })

  it('steps through speeds and stops at the last', () => {
    test.press('.').press('.').press('.')
    expect(test.session.speed.value).toBe(4)
    for (let times = 0; times < 9; times++) test.press(',')
    expect(test.session.speed.value).toBe(0.1)
  })
})

describe('shapes', () => {
  it('a keyframe can be set between two others, and given back', () => {
    test.session.frame.value = 10
    test.press('K')
    expect(test.row(track)).toMatchObject({ keyframe: true, bounds: [10, 0, 20, 10] })
    test.press('K')
    expect(test.row(track)).toBeNull()
  })

  it('outside begins a gap that lasts until the next keyframe', () => {
    test.session.frame.value = 5
    test.press('O')
    expect([4, 5, 19, 20].map((frame) => test.box(track, frame) !== null)).toEqual([true, false, false, true])
    test.press('O')
    expect(test.box(track, 5)).not.toBeNull()
  })

  it('outside takes the predictions after it away, up to the next keyframe', () => {
    test.predict(track, [5, 6, 7, 8], [0, 0, 10, 10])
    test.session.frame.value = 6
    test.press('O')
    expect([5, 6, 7, 8, 19, 20].map((frame) => test.box(track, frame) !== null)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ])
    test.press('Ctrl+Z')
    expect([5, 6, 7, 8].map((frame) => test.row(track, frame)?.predicted)).toEqual([true, true, true, true])
  })

  it('outside does not change what was shown before it', () => {
    test.session.frame.value = 10
    const before = test.box(track, 9)
    test.press('O')
    expect(test.box(track, 9)).toEqual(before)
  })

  it('nothing is done beyond the end of the video', () => {
    test.press('Shift+Delete')
    expect(test.operations.at(-1)).toMatchObject({ ranges: [[0, 999]] })
  })

  it('Del here leaves a gap of exactly one frame', () => {
    test.session.frame.value = 10
    test.press('Delete')
    expect([9, 10, 11].map((frame) => test.box(track, frame))).toEqual([[9, 0, 19, 10], null, [11, 0, 21, 10]])
  })

  it('Del on a keyframe at an end shortens the track', () => {
    test.session.frame.value = 20
    test.press('Delete')
    expect(test.store.queries.extent(track)).toEqual([0, 0])
  })

  it('Shift+Del ends the track where it was', () => {
    test.session.frame.value = 10
    test.press('Shift+Delete')
    expect([9, 10, 20].map((frame) => test.box(track, frame))).toEqual([[9, 0, 19, 10], null, null])
  })

  it('deleting a whole track asks first', () => {
    test.press('Ctrl+Shift+Delete')
    expect(test.tracks).toEqual([track])
    test.confirm()
    expect(test.tracks).toEqual([])
    expect(test.selection).toEqual([])
  })

  it('a nudge moves by one pixel, in a turned view too where the arrow points', () => {
    test.press('Alt+ArrowRight')
    expect(test.box(track, 0)).toEqual([1, 0, 11, 10])
    test.press('Alt+R').press('Alt+ArrowDown')
    expect(test.box(track, 0)).toEqual([2, 0, 12, 10])
  })

  it('a box is drawn where the pointer is in a turned view', () => {
    test.press('Alt+R').press('N')
    const [from, to] = [
      { x: 100, y: 50 },
      { x: 140, y: 90 },
    ].map((point) => videoToView(test.session.view.value, point))
    test.drag([from!.x, from!.y], [to!.x, to!.y])
    expect(test.box(test.selection[0]!)).toEqual([100, 50, 140, 90])
  })
})

describe('tracks', () => {
  it('Tab walks through the objects of this frame, round and round', () => {
    const other = test.given({ 0: [50, 50, 60, 60] })
    test.press('Tab')
    expect(test.selection).toEqual([other])
    test.press('Tab')
    expect(test.selection).toEqual([track])
    test.press('Shift+Tab')
    expect(test.selection).toEqual([other])
  })

  it('a digit gives the selected tracks that label', () => {
    test.press('2')
    expect(test.store.records.track(track)?.label).toBe(2)
    expect(test.session.activeLabel.value).toBe(1)
  })

  it('a digit with nothing selected chooses the label to draw', () => {
    test.session.select()
    test.press('2')
    expect(test.session.activeLabel.value).toBe(2)
    expect(test.store.records.track(track)?.label).toBe(1)
  })

  it('the digit of a label that the selected boxes can’t have is for the next object', () => {
    test.press('4')
    expect([test.store.records.track(track)?.label, test.session.activeLabel.value]).toEqual([1, 4])
  })

  it('a label without a key of its own has its place in the list', () => {
    const labels = [{ hotkey: 'x' }, { hotkey: '' }, { hotkey: '1' }].map((more, index) => ({
      ...test.editor.config.labels[0]!,
      id: index,
      ...more,
    }))
    expect(['X', '1', '2', '3'].map((key) => labelOfKey(labels, key)?.id ?? null)).toEqual([0, 2, 1, null])
  })

  it('hiding is nobody else’s business', () => {
    test.press('H')
    expect(test.session.hidden.value.has(track)).toBe(true)
    expect(test.sent('edit')).toHaveLength(1)
  })
})

describe('undo', () => {
  it('says what it took back and offers to go there', () => {
    test.session.frame.value = 10
    test.press('K')
    test.session.frame.value = 300
    test.press('Ctrl+Z')
    expect(test.session.frame.value).toBe(300)
    expect(test.session.notice.value).toMatchObject({
      message: expect.stringContaining('Keyframe on or off') as string,
      goTo: 10,
    })
  })
})

it('a key whose command can’t be done says what is missing', () => {
  test.session.select()
  test.press('K')
  expect(test.session.notice.value?.message).toBe('Select an object first.')
})
