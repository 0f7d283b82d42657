import { beforeEach, describe, expect, it } from 'vitest'
import { maskArea, maskContains } from '@/geometry/rle'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
  test.press('U')
  test.editor.brush.size.value = 10
  test.editor.brush.square.value = true
})

/** A line painted from place to place. */
function paint(...places: readonly (readonly [number, number])[]): void {
  test.pointerDown(...places[0]!)
  for (const place of places) test.pointerMove(...place)
  test.pointerUp(...places.at(-1)!)
}

const ring = (x: number) => paint([x, 100], [x + 60, 100], [x + 60, 160], [x, 160], [x, 100])
const shape = (track = test.tracks[0]!) => test.store.queries.shapeAt(track, test.session.frame.value)
const area = () => maskArea(shape()!)
const RING = 70 * 70 - 50 * 50

describe('filling', () => {
  it('fills the hole that is clicked and no other, in one step', () => {
    ring(100)
    ring(200)
    test.press('Alt+Shift+U').click(130, 130)
    expect([area(), maskContains(shape()!, { x: 230, y: 130 })]).toEqual([70 * 70 + RING, false])
    test.press('Ctrl+Z')
    expect(area()).toBe(2 * RING)
  })

  it('leaves a place alone that nothing closes, and says so', () => {
    paint([100, 100], [160, 100], [160, 160])
    const before = area()
    test.press('Alt+Shift+U').click(130, 130).click(500, 300)
    expect([area(), test.session.notice.value?.message]).toEqual([
      before,
      'Nothing closes this place. Paint all the way around it first.',
    ])
  })

  it('takes the edge of the frame for a border', () => {
    paint([100, 0], [100, 60], [0, 60])
    const before = area()
    test.press('Alt+Shift+U').click(50, 30)
    expect(area()).toBe(before + 95 * 55)
  })

  it('fills the mask around the place when none is selected, and selects it', () => {
    ring(100)
    test.press('Escape')
    ring(200)
    test.press('Escape').press('Alt+Shift+U').click(130, 130)
    expect([area(), maskArea(shape(test.tracks[1])!), test.selection]).toEqual([70 * 70, RING, [test.tracks[0]]])
  })

  it('takes a piece away with Alt; without any pixel the object isn’t there', () => {
    ring(100)
    ring(200)
    test.press('Alt+Shift+U').click(100, 130, { alt: true })
    expect([area(), shape()?.bounds[0]]).toEqual([RING, 195])
    test.click(200, 130, { alt: true })
    expect([shape(), test.row(test.tracks[0]!)?.outside]).toEqual([null, true])
  })

  it('changes nothing that is locked', () => {
    ring(100)
    test.press('L').press('Alt+Shift+U').click(130, 130)
    expect(area()).toBe(RING)
  })

  it('is put down by Escape', () => {
    test.press('Alt+Shift+U').press('Escape')
    expect(test.session.tool.value).toBe('select')
  })
})
