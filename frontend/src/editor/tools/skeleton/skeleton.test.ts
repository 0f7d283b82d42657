import { beforeEach, describe, expect, it } from 'vitest'
import { pointsOf, Seen } from '@/geometry/kinds/point-list'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

/** Places and visibilities of the only track's joints on this frame. */
function joints() {
  const shape = test.store.queries.shapeAt(test.tracks[0]!, test.session.frame.value)
  return pointsOf(shape!).map(({ x, y, seen }) => [x, y, seen])
}

describe('drawing a skeleton', () => {
  it('spreads its label’s joints over the box, and chooses a label that has some', () => {
    test.press('J').drag([100, 100], [200, 300])
    expect(joints()).toEqual([
      [150, 100, Seen.visible],
      [150, 300, Seen.visible],
    ])
    expect(test.store.records.track(test.tracks[0]!)?.label).toBe(3)
    expect(test.selection).toEqual(test.tracks)
  })

  it('mirrors it with Shift', () => {
    test.press('J').drag([100, 100], [200, 300], { shift: true })
    expect(joints()[0]).toEqual([150, 100, Seen.visible])
  })

  it('leaves nothing of a click', () => {
    test.press('J').click(100, 100)
    expect(test.tracks).toEqual([])
  })

  it('is cancelled by Escape', () => {
    test.press('J').pointerDown(100, 100).pointerMove(200, 200).press('Escape')
    expect(test.tracks).toEqual([])
  })
})

describe('a skeleton', () => {
  beforeEach(() => {
    test.press('J').drag([100, 100], [200, 300])
  })

  it('has joints that are dragged one by one', () => {
    test.drag([150, 100], [120, 90])
    expect(joints()).toEqual([
      [120, 90, Seen.visible],
      [150, 300, Seen.visible],
    ])
  })

  it('has joints that Alt and a click make occluded, absent and visible again', () => {
    const seen = [0, 1, 2].map(() => {
      test.click(150, 100, { alt: true })
      return joints()[0]![2]
    })
    expect(seen).toEqual([Seen.occluded, Seen.absent, Seen.visible])
    test.press('Ctrl+Z')
    expect(joints()[0]![2]).toBe(Seen.absent)
  })

  it('moves as a whole', () => {
    test.drag([150, 200], [160, 205])
    expect(joints()).toEqual([
      [160, 105, Seen.visible],
      [160, 305, Seen.visible],
    ])
  })

  it('is scaled by its corners', () => {
    test.drag([150, 100], [130, 100])
    test.drag([162, 312], [182, 312])
    expect(joints().map(([x]) => Math.round(x!))).toEqual([130, 170])
  })

  it('moves from keyframe to keyframe joint by joint', () => {
    test.session.frame.value = 10
    test.press('K').drag([150, 100], [190, 140])
    test.session.frame.value = 5
    expect(joints()).toEqual([
      [170, 120, Seen.visible],
      [150, 300, Seen.visible],
    ])
  })
})
