import { beforeEach, describe, expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import type { Label } from '@/store/types'
import { hasTag, rowsOfStretches, sameAround, stretchesOf, toggleTag, withoutStretch, withStretch } from './frame-tags'

describe('stretches', () => {
  it('are the same after having been rows', () => {
    const stretches = [
      [0, 0],
      [5, 9],
      [20, 20],
    ] as const
    expect(stretchesOf(rowsOfStretches(stretches))).toEqual(stretches)
    expect(stretchesOf(rowsOfStretches([[3, 8]]))).toEqual([[3, 8]])
    expect(rowsOfStretches([])).toEqual([])
  })

  it('grow together where they meet', () => {
    expect(
      withStretch(
        [
          [0, 4],
          [10, 14],
          [30, 31],
        ],
        [5, 9],
      ),
    ).toEqual([
      [0, 14],
      [30, 31],
    ])
    expect(withStretch([[0, 4]], [6, 9])).toEqual([
      [0, 4],
      [6, 9],
    ])
  })

  it('are cut where something is taken out', () => {
    expect(
      withoutStretch(
        [
          [0, 10],
          [20, 30],
        ],
        [5, 22],
      ),
    ).toEqual([
      [0, 4],
      [23, 30],
    ])
    expect(withoutStretch([[0, 10]], [4, 6])).toEqual([
      [0, 3],
      [7, 10],
    ])
    expect(withoutStretch([[4, 6]], [0, 9])).toEqual([])
  })

  it('stay as they are around a frame up to their neighbours', () => {
    const stretches = [
      [10, 19],
      [40, 49],
    ] as const
    expect([5, 15, 30, 60].map((frame) => sameAround(stretches, frame, [0, 99]))).toEqual([
      [0, 9],
      [10, 19],
      [20, 39],
      [50, 99],
    ])
  })
})

const RAIN: Label = {
  id: 3,
  name: 'rain',
  colour: '#0000ff',
  hotkey: '',
  geometry_kinds: ['tag'],
  attributes: [],
  skeleton: null,
}

describe('a frame tag', () => {
  let test: TestEditor
  let rain: Label
  beforeEach(async () => {
    test = await TestEditor.open({ labels: [...CONFIG.labels.slice(0, 2), RAIN] })
    rain = test.editor.label(3)!
  })
  const at = (frame: number) => (test.session.frame.value = frame)
  const frames = (...all: number[]) => all.map((frame) => hasTag(test.editor, rain, frame))

  it('begins with its label’s key, ends with it, and is one track', () => {
    at(10)
    test.press('3')
    expect(frames(9, 10, 999)).toEqual([false, true, true])
    at(50)
    test.press('3')
    expect(frames(10, 49, 50, 999)).toEqual([true, true, false, false])
    at(80)
    test.press('3')
    expect(frames(49, 79, 80, 999)).toEqual([true, false, true, true])
    expect(test.tracks).toHaveLength(1)
  })

  it('can hold up to a frame, on it alone, or in the chosen range', () => {
    at(10)
    toggleTag(test.editor, rain, 'until here')
    expect(frames(0, 10, 11)).toEqual([true, true, false])
    at(20)
    toggleTag(test.editor, rain, 'this frame')
    expect(frames(19, 20, 21)).toEqual([false, true, false])
    test.session.range.value = [30, 39]
    at(33)
    toggleTag(test.editor, rain)
    expect(frames(29, 30, 39, 40)).toEqual([false, true, true, false])
  })

  it('is undone in one step, and gone from everywhere when it was taken from its last frame', () => {
    at(10)
    toggleTag(test.editor, rain, 'this frame')
    toggleTag(test.editor, rain, 'this frame')
    expect(test.tracks).toEqual([])
    test.press('Ctrl+Z')
    expect(frames(10)).toEqual([true])
    test.press('Ctrl+Z')
    expect(frames(10)).toEqual([false])
  })

  it('has no place: it is neither seen, nor selected with what is', () => {
    test.press('3').press('Ctrl+A')
    expect(test.editor.visibleShapes()).toEqual([])
    expect(test.selection).toEqual([])
  })

  it('is no label for an object', () => {
    const person = test.given({ 0: [0, 0, 10, 10] })
    test.session.select(person)
    test.press('3')
    expect(test.store.records.track(person)?.label).toBe(1)
    expect(frames(0)).toEqual([true])
  })
})
