import { beforeEach, describe, expect, it } from 'vitest'
import { maskArea } from '@/geometry/rle'
import type { TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'
import { partingActions } from './masks'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

function square(x: number): TrackId {
  test.press('P')
  for (const [left, top] of [
    [x, 100],
    [x + 100, 100],
    [x + 100, 200],
    [x, 200],
  ] as const)
    test.click(left, top, { ctrl: true })
  test.press('Enter')
  return test.selection[0]!
}

function dab(x: number): TrackId {
  test.press('S').session.select()
  test.press('U').editor.brush.size.value = 20
  test.editor.brush.square.value = true
  test.click(x, 150)
  return test.selection[0]!
}

const shape = (track: TrackId, frame = test.session.frame.value) => test.store.queries.shapeAt(track, frame)

describe('joining polygons', () => {
  it('gives the first selected object the outline of both; the other, which is nowhere else, goes', () => {
    const [left, right] = [square(100), square(180)]
    test.session.select(right, left)
    test.press('Shift+J')
    expect([shape(right)?.bounds, test.tracks, test.selection]).toEqual([[100, 100, 280, 200], [right], [right]])
    expect(test.session.notice.value?.message).toBe('Joined 2 shapes as form.')
  })

  it('is one step of undo', () => {
    const [left, right] = [square(100), square(180)]
    test.session.select(left, right)
    test.press('Shift+J').press('Ctrl+Z')
    expect([shape(left)?.bounds, shape(right)?.bounds]).toEqual([
      [100, 100, 200, 200],
      [180, 100, 280, 200],
    ])
  })

  it('takes one frame from an object that goes on elsewhere', () => {
    const [left, right] = [square(100), square(180)]
    test.session.frame.value = 20
    test.press('K')
    test.session.frame.value = 0
    test.session.select(left, right)
    test.press('Shift+J')
    expect([shape(right, 0), shape(right, 20)?.bounds]).toEqual([null, [180, 100, 280, 200]])
  })

  it('leaves them alone where they lie apart, and says what to do', () => {
    const [left, right] = [square(100), square(300)]
    test.session.select(left, right)
    test.press('Shift+J')
    expect([test.tracks.length, test.session.notice.value?.message]).toEqual([
      2,
      'These polygons don’t touch. Move them together, or make them masks to join them as they are.',
    ])
  })

  it('changes nothing that is locked', () => {
    const [left, right] = [square(100), square(180)]
    test.press('L').session.select(left, right)
    test.press('Shift+J')
    expect(shape(left)?.bounds).toEqual([100, 100, 200, 200])
  })

  it('needs two', () => {
    square(100)
    test.press('Shift+J')
    expect(test.session.notice.value?.message).toBe('Select two polygons or masks on this frame first.')
  })
})

describe('joining masks', () => {
  it('takes the pixels of all, also where they lie apart', () => {
    const [left, right] = [dab(100), dab(200)]
    test.session.select(left, right)
    test.press('Shift+J')
    expect([maskArea(shape(left)!), test.tracks]).toEqual([800, [left]])
  })

  it('and polygons makes a mask, where the label may be one', () => {
    const [polygon, mask] = [square(100), dab(205)]
    test.session.select(mask, polygon)
    test.press('Shift+J')
    expect([shape(mask)?.kind, maskArea(shape(mask)!)]).toEqual(['mask', 10_000 + 15 * 20])
  })

  it('and polygons is refused where it may not', () => {
    const [polygon, mask] = [square(100), dab(205)]
    test.session.select(polygon, mask)
    test.press('Shift+J')
    expect([shape(polygon)?.kind, test.session.notice.value?.message]).toEqual([
      'polygon',
      'form may not be drawn as a mask. Allow it in the project’s labels.',
    ])
  })
})

describe('the menu', () => {
  it('offers what can be done with the polygons and masks that are selected, and nothing of it for others', () => {
    const [polygon, other, mask] = [square(100), square(180), dab(300)]
    const offered = (...tracks: TrackId[]) => {
      test.session.select(...tracks)
      return partingActions(test.editor)
    }
    expect(offered(polygon)).toEqual(['tool.slice', 'mask.of-shape'])
    expect(offered(polygon, other)).toEqual(['tool.slice', 'mask.of-shape', 'shape.join'])
    expect(offered(mask)).toEqual(['tool.slice', 'mask.to-polygon'])
    expect(offered(test.given({ 0: [0, 0, 10, 10] }))).toEqual(['mask.of-shape'])
  })
})
