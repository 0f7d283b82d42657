import { beforeEach, describe, expect, it } from 'vitest'
import { maskArea } from '@/geometry/rle'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

function path(...places: readonly (readonly [number, number])[]): TestEditor {
  for (const [x, y] of places) test.click(x, y, { ctrl: true })
  return test.press('Enter')
}

const square = (x: number) => path([x, 100], [x + 100, 100], [x + 100, 200], [x, 200])
const bounds = () => test.tracks.map((track) => test.store.queries.shapeAt(track, test.session.frame.value)?.bounds)

describe('a line through a polygon', () => {
  beforeEach(() => {
    test.press('P')
    square(100)
    test.press('Alt+J')
  })

  it('cuts it in two: the larger part stays, the smaller one is a new object with its label', () => {
    path([130, 50], [130, 250])
    expect(bounds()).toEqual([
      [130, 100, 200, 200],
      [100, 100, 130, 200],
    ])
    expect(test.tracks.map((track) => test.store.records.track(track)?.label)).toEqual([4, 4])
    expect([test.selection, test.session.tool.value]).toEqual([test.tracks, 'select'])
    expect(test.session.notice.value?.message).toContain('object of its own')
  })

  it('is one step of undo', () => {
    path([130, 50], [130, 250]).press('Ctrl+Z')
    expect(bounds()).toEqual([[100, 100, 200, 200]])
  })

  it('goes around corners, and is drawn freehand too', () => {
    test.pointerDown(50, 150)
    for (let x = 60; x <= 150; x += 10) test.pointerMove(x, 150)
    for (let y = 160; y <= 250; y += 10) test.pointerMove(150, y)
    test.pointerUp(150, 250).press('Enter')
    expect(bounds()).toEqual([
      [100, 100, 200, 200],
      [100, 150, 150, 200],
    ])
  })

  it('that doesn’t cross it cuts nothing, says so, and the tool stays', () => {
    path([130, 50], [130, 150])
    expect([bounds().length, test.session.tool.value]).toEqual([1, 'slice'])
    expect(test.session.notice.value?.message).toContain('from one side to the other')
  })

  it('that sticks to no border begins where it is drawn', () => {
    test.click(130, 97).click(130, 203).press('Enter')
    expect(bounds()).toHaveLength(2)
  })

  it('leaves it whole when it is given up', () => {
    test.click(130, 50, { ctrl: true }).press('Escape')
    expect([bounds().length, test.editor.draft.value, test.state]).toEqual([1, null, 'slice.idle'])
    test.press('Escape')
    expect(test.session.tool.value).toBe('select')
  })

  it('keeps the rest of its track', () => {
    test.press('Escape').press('S')
    test.session.frame.value = 20
    test.press('K')
    test.session.frame.value = 10
    test.press('Alt+J')
    path([130, 50], [130, 250])
    expect([test.store.queries.extent(test.tracks[0]!), test.store.queries.extent(test.tracks[1]!)]).toEqual([
      [0, 20],
      [10, 10],
    ])
  })
})

describe('several objects', () => {
  beforeEach(() => {
    test.press('P')
    square(100)
    test.press('P')
    square(300)
  })

  it('are cut by one line, in one step, when none is selected', () => {
    test.press('Escape').session.select()
    test.press('Alt+J')
    path([50, 150], [450, 150])
    expect(bounds()).toHaveLength(4)
    test.press('Ctrl+Z')
    expect(bounds()).toHaveLength(2)
  })

  it('stay whole but the selected one, and locked ones', () => {
    test.press('Alt+J')
    path([50, 150], [450, 150])
    expect(bounds()).toHaveLength(3)
    test.session.select(test.tracks[0]!)
    test.press('L').session.select()
    test.press('Alt+J')
    path([150, 50], [150, 250])
    expect(bounds()).toHaveLength(3)
  })
})

it('a mask is cut without losing a pixel', () => {
  test.press('U').editor.brush.size.value = 60
  test.click(200, 150)
  const area = maskArea(test.store.queries.shapeAt(test.tracks[0]!, 0)!)
  test.press('Alt+J')
  path([190, 50], [190, 250])
  const areas = test.tracks.map((track) => maskArea(test.store.queries.shapeAt(track, 0)!))
  expect([areas.length, areas[0]! > areas[1]!, areas[0]! + areas[1]!]).toEqual([2, true, area])
})
