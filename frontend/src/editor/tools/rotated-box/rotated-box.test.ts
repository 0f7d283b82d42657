import { beforeEach, describe, expect, it } from 'vitest'
import { rotatedBoxOf } from '@/geometry/kinds/rotated-box'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
  test.press('Y')
})

/** Centre, sides, and the angle in degrees. */
function box() {
  const { x, y, width, height, angle } = rotatedBoxOf(
    test.store.queries.shapeAt(test.tracks[0]!, test.session.frame.value)!,
  )
  return [x, y, width, height, (angle * 180) / Math.PI].map(Math.round)
}

/** A side from (100, 100) to (200, 100), and 40 px down. */
const draw = () => test.drag([100, 100], [200, 100]).pointerMove(150, 140).click(150, 140)

describe('drawing a rotated box', () => {
  it('begins with a side and goes on to the opposite one', () => {
    draw()
    expect(box()).toEqual([150, 120, 100, 40, 0])
    expect(test.selection).toEqual(test.tracks)
  })

  it('goes at the angle of its side', () => {
    test.drag([100, 100], [200, 200]).pointerMove(100, 200).click(100, 200)
    expect(box()).toEqual([125, 175, 141, 71, 45])
  })

  it('takes a side from click to click too', () => {
    test.click(100, 100).pointerMove(200, 100).click(200, 100).pointerMove(150, 60).click(150, 60)
    expect(box()).toEqual([150, 80, 100, 40, 0])
  })

  it('leaves nothing when it is given up', () => {
    test.drag([100, 100], [200, 100]).pointerMove(150, 140).press('Escape')
    expect([test.tracks, test.state, test.editor.draft.value]).toEqual([[], 'rotated-box.idle', null])
  })
})

describe('a rotated box', () => {
  it('is turned by its grip, in steps of 15° with Shift', () => {
    draw()
    test.drag([150, 78], [190, 110])
    expect(box()[4]).toBe(76)
    test.press('Ctrl+Z')
    test.drag([150, 78], [190, 110], { shift: true })
    expect(box()[4]).toBe(75)
  })

  it('keeps the opposite corner where it is resized', () => {
    draw()
    test.drag([200, 140], [240, 160])
    expect(box()).toEqual([170, 130, 140, 60, 0])
  })
})
