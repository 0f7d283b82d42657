import { beforeEach, describe, expect, it } from 'vitest'
import { pointsOf } from '@/geometry/kinds/point-list'
import { verticesOf } from '@/geometry/kinds/vertex-list'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

const shape = (track = test.tracks.at(-1)!) => test.store.queries.shapeAt(track, test.session.frame.value)!
const vertices = (track?: string) => verticesOf(shape(track)).map(({ x, y }) => [Math.round(x), Math.round(y)])
const clicks = (...places: [number, number][]) => places.forEach(([x, y]) => test.pointerMove(x, y).click(x, y))

describe('drawing a polygon', () => {
  beforeEach(() => {
    test.press('P')
  })

  it('sets a vertex with each click; Enter completes it', () => {
    clicks([100, 100], [200, 100], [150, 180])
    test.press('Enter')
    expect(vertices()).toEqual([
      [100, 100],
      [200, 100],
      [150, 180],
    ])
    expect([shape().kind, shape().origin, test.selection]).toEqual(['polygon', 'keyframe', test.tracks])
  })

  it('is completed by a click on the first vertex', () => {
    clicks([100, 100], [200, 100], [150, 180], [102, 99])
    expect(vertices()).toHaveLength(3)
  })

  it('is completed by a double click, which sets one vertex', () => {
    clicks([100, 100], [200, 100], [150, 180], [150, 180])
    test.doubleClick(150, 180)
    expect(vertices()).toHaveLength(3)
  })

  it('is no polygon with two vertices', () => {
    clicks([100, 100], [200, 100])
    test.press('Enter')
    expect(test.tracks).toEqual([])
    expect(test.session.notice.value?.message).toContain('at least 3')
    expect(test.state).toBe('polygon.drawing')
  })

  it('takes vertices back one by one, and then ends', () => {
    clicks([100, 100], [200, 100], [150, 180])
    test.press('Backspace')
    expect(test.editor.draft.value?.points).toHaveLength(2)
    test.press('Backspace').press('Backspace')
    expect([test.state, test.editor.draft.value]).toEqual(['polygon.idle', null])
  })

  it('is cancelled by Escape', () => {
    clicks([100, 100], [200, 100], [150, 180])
    test.press('Escape')
    expect([test.tracks, test.editor.draft.value]).toEqual([[], null])
  })

  it('is drawn freehand with the button held, in few vertices', () => {
    test.pointerDown(100, 100)
    for (let x = 110; x <= 300; x += 10) test.pointerMove(x, 100)
    for (let y = 110; y <= 200; y += 10) test.pointerMove(300, y)
    test.pointerUp(300, 200).press('Enter')
    expect(vertices()).toEqual([
      [100, 100],
      [300, 100],
      [300, 200],
    ])
  })

  it('goes in steps of 45° with Shift', () => {
    clicks([100, 100])
    test.pointerMove(200, 108, { shift: true }).click(200, 108, { shift: true })
    clicks([150, 180])
    test.press('Enter')
    expect(vertices()[1]).toEqual([200, 100])
  })

  it('is one step of undo', () => {
    clicks([100, 100], [200, 100], [150, 180])
    test.press('Enter').press('Ctrl+Z')
    expect(test.tracks).toEqual([])
  })
})

describe('beside a neighbour', () => {
  beforeEach(() => {
    test.press('P')
    clicks([100, 100], [200, 100], [200, 200], [100, 200])
    test.press('Enter').press('P')
  })

  it('sticks to its vertices, and to its sides', () => {
    clicks([203, 98], [300, 150], [204, 150])
    test.press('Enter')
    expect(vertices()).toEqual([
      [200, 100],
      [300, 150],
      [200, 150],
    ])
  })

  it('follows their border with Alt, the shorter way round', () => {
    clicks([203, 98], [300, 250], [150, 201])
    test.click(200, 100, { alt: true })
    expect(vertices()).toEqual([
      [200, 100],
      [300, 250],
      [150, 200],
      [200, 200],
    ])
  })

  it('follows it the longer way with Shift too, and shows it before the click', () => {
    clicks([300, 250], [150, 101])
    test.pointerMove(200, 150, { alt: true, shift: true })
    expect(test.editor.draft.value?.points.slice(2)).toEqual([
      { x: 100, y: 100 },
      { x: 100, y: 200 },
      { x: 200, y: 200 },
      { x: 200, y: 150 },
    ])
  })

  it('stays free with Ctrl', () => {
    test.click(203, 98, { ctrl: true })
    clicks([300, 150], [250, 250])
    test.press('Enter')
    expect(vertices()[0]).toEqual([203, 98])
  })
})

describe('a polygon', () => {
  beforeEach(() => {
    test.press('P')
    clicks([100, 100], [200, 100], [200, 200], [100, 200])
    test.press('Enter')
  })

  it('has vertices to drag', () => {
    test.drag([200, 200], [250, 260])
    expect(vertices()).toEqual([
      [100, 100],
      [200, 100],
      [250, 260],
      [100, 200],
    ])
  })

  it('gets a vertex where its side is dragged', () => {
    test.drag([150, 100], [150, 60])
    expect(vertices()).toEqual([
      [100, 100],
      [150, 60],
      [200, 100],
      [200, 200],
      [100, 200],
    ])
  })

  it('loses the vertex that is clicked with Alt, but keeps three', () => {
    test.click(100, 100, { alt: true }).click(200, 100, { alt: true })
    expect(vertices()).toEqual([
      [200, 100],
      [200, 200],
      [100, 200],
    ])
  })

  it('is picked inside and on its border, not beside', () => {
    expect([test.editor.hit({ x: 140, y: 160 }), test.editor.hit({ x: 97, y: 130 })].map((hit) => hit?.on)).toEqual([
      'shape',
      'shape',
    ])
    expect(test.editor.hit({ x: 80, y: 80 })).toBeNull()
  })

  it('is moved as a whole, and stays in the frame', () => {
    test.drag([150, 150], [20, 160])
    expect(vertices()).toEqual([
      [0, 110],
      [100, 110],
      [100, 210],
      [0, 210],
    ])
  })
})

describe('a polyline', () => {
  it('has two ends and no inside', () => {
    test.press('Shift+P')
    clicks([100, 100], [200, 100], [200, 200])
    test.press('Enter')
    expect([shape().kind, vertices().length]).toEqual(['polyline', 3])
    expect(test.editor.hit({ x: 150, y: 150 })).toBeNull()
    expect(test.editor.hit({ x: 130, y: 103 })?.on).toBe('shape')
  })
})

describe('points', () => {
  it('are set one by one, dragged one by one, and one goes with Alt and a click', () => {
    test.press('Shift+O')
    clicks([100, 100], [200, 120], [150, 180])
    test.press('Enter')
    test.drag([200, 120], [220, 140])
    test.click(100, 100, { alt: true })
    expect(pointsOf(shape()).map(({ x, y }) => [x, y])).toEqual([
      [220, 140],
      [150, 180],
    ])
  })
})

describe('single vertices', () => {
  beforeEach(() => {
    test.press('P')
    clicks([100, 100], [200, 100], [200, 200], [100, 200])
    test.press('Enter')
  })

  it('one goes with Delete while the pointer is on it', () => {
    test.pointerMove(201, 101).press('Delete')
    expect(vertices()).toEqual([
      [100, 100],
      [200, 200],
      [100, 200],
    ])
    test.press('Ctrl+Z')
    expect(vertices()).toHaveLength(4)
  })

  it('Delete means the shape where the vertex has moved away under a pointer at rest', () => {
    test.pointerMove(200, 100).press('Alt+ArrowLeft').press('Delete')
    expect(test.row(test.tracks[0]!)).toBeNull()
  })

  it('three stay, and Delete says why', () => {
    test.click(100, 100, { alt: true }).pointerMove(200, 100).press('Delete')
    expect(vertices()).toHaveLength(3)
    expect(test.session.notice.value?.message).toContain('fewer points')
  })

  it('a double click on a side adds one there', () => {
    test.click(130, 101).doubleClick(130, 101)
    expect(vertices()).toEqual([
      [100, 100],
      [130, 100],
      [200, 100],
      [200, 200],
      [100, 200],
    ])
  })

  it('a double click inside adds none', () => {
    test.click(150, 150).doubleClick(150, 150)
    expect(vertices()).toHaveLength(4)
  })
})

it('a polygon is followed as soon as it is drawn', () => {
  test.press('P')
  clicks([100, 100], [200, 100], [150, 180])
  test.press('Enter').press('T')
  expect(test.sent('run.start').map(({ prompts }) => prompts)).toEqual([[{ track: test.tracks[0], frame: 0 }]])
})
