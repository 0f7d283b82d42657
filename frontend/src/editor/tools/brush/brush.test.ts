import { beforeEach, describe, expect, it } from 'vitest'
import { decodeMask, maskArea, maskContains } from '@/geometry/rle'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
  test.press('U')
  test.editor.brush.size.value = 20
  test.editor.brush.square.value = true
})

const shape = (track = test.tracks[0]!) => test.store.queries.shapeAt(track, test.session.frame.value)
const painted = (x: number, y: number, track?: string) => maskContains(shape(track)!, { x, y })

describe('the brush', () => {
  it('makes a new object of a label that may be a mask, with exactly the tip’s pixels', () => {
    test.click(100, 100)
    expect(shape()).toMatchObject({ kind: 'mask', origin: 'keyframe', bounds: [90, 90, 110, 110] })
    expect(maskArea(shape()!)).toBe(400)
    expect(test.store.records.track(test.tracks[0]!)?.label).toBe(5)
    expect([test.selection, test.state]).toEqual([test.tracks, 'brush.idle'])
  })

  it('goes on painting the same object, stroke by stroke, each a step of undo', () => {
    test.click(100, 100).drag([140, 100], [160, 100])
    expect([test.tracks.length, painted(150, 95), painted(125, 100)]).toEqual([1, true, false])
    test.press('Ctrl+Z')
    expect(shape()?.bounds).toEqual([90, 90, 110, 110])
  })

  it('begins another object after Escape, and is put down by the next', () => {
    test.click(100, 100).press('Escape').click(200, 100)
    expect(test.tracks).toHaveLength(2)
    test.press('Escape').press('Escape')
    expect(test.session.tool.value).toBe('select')
  })

  it('takes pixels away with Alt, or while it erases', () => {
    test.click(100, 100).click(110, 100, { alt: true })
    expect([painted(95, 100), painted(105, 100)]).toEqual([true, false])
    test.press('Alt+U').click(84, 100)
    expect([painted(91, 100), painted(95, 100)]).toEqual([false, true])
  })

  it('says that an object with no pixel left isn’t there', () => {
    test.click(100, 100).click(100, 100, { alt: true })
    expect(shape()).toBeNull()
    expect(test.row(test.tracks[0]!)).toMatchObject({ outside: true })
  })

  it('draws a straight line from the last stroke’s end with Shift', () => {
    test.click(100, 100).click(160, 100, { shift: true })
    expect(painted(130, 100)).toBe(true)
  })

  it('paints nothing when a stroke is given up', () => {
    test.pointerDown(100, 100).pointerMove(150, 100).press('Escape')
    expect([test.tracks, test.editor.painting.value]).toEqual([[], null])
  })

  it('takes its pixels from other masks of the frame only when it is told to', () => {
    test.click(100, 100).press('Escape').click(110, 100)
    const [first, second] = test.tracks
    expect(painted(105, 100, first)).toBe(true)
    test.editor.brush.alone.value = true
    test.session.select(second!)
    test.click(111, 100)
    expect([painted(105, 100, first), painted(95, 100, first)]).toEqual([false, true])
    test.press('Ctrl+Z')
    expect(painted(105, 100, first)).toBe(true)
  })

  it('takes nothing from other masks while it erases', () => {
    test.click(100, 100).press('Escape').click(104, 100)
    const [first, second] = test.tracks
    test.editor.brush.alone.value = true
    test.session.select(second!)
    test.click(114, 100, { alt: true })
    expect(maskArea(shape(first)!)).toBe(400)
  })

  it('stays on the frame where the stroke began', () => {
    test.pointerDown(100, 100)
    test.session.frame.value = 7
    test.pointerUp(100, 100)
    expect(test.row(test.tracks[0]!, 0)).toMatchObject({ keyframe: true })
    expect(test.row(test.tracks[0]!, 7)).toBeNull()
  })

  it('is not undone in the middle of a stroke', () => {
    test.click(100, 100).pointerDown(140, 100).press('Ctrl+Z').pointerUp(140, 100)
    expect([painted(100, 100), painted(140, 100)]).toEqual([true, true])
  })

  it('grows and shrinks by keys', () => {
    test.press('Ctrl+.')
    expect(test.editor.brush.size.value).toBe(24)
    test.press('Ctrl+,').press('Ctrl+,')
    expect(test.editor.brush.size.value).toBe(15)
  })

  it('stays inside the frame', () => {
    test.click(2, 2)
    expect(shape()!.bounds).toEqual([0, 0, 12, 12])
  })
})

describe('a mask', () => {
  beforeEach(() => {
    test.click(100, 100).press('S')
  })

  it('is picked where it has pixels, and moved by whole ones', () => {
    test.drag([100, 100], [120, 110])
    expect(shape()!.bounds).toEqual([110, 100, 130, 120])
    expect(test.editor.hit({ x: 105, y: 95 })).toBeNull()
  })

  it('becomes a polygon of its outline, a box, and a mask again', () => {
    test.command('mask.to-polygon')
    expect(shape()).toMatchObject({ kind: 'polygon', bounds: [90, 90, 110, 110] })
    test.command('mask.of-shape')
    expect([shape()!.kind, maskArea(shape()!)]).toEqual(['mask', 400])
    test.command('mask.to-box')
    expect(shape()).toMatchObject({ kind: 'box', bounds: [90, 90, 110, 110] })
  })

  it('becomes a polygon for each piece in one step, and says what became of pieces and holes', () => {
    test.press('U').editor.brush.size.value = 4
    test.click(160, 100).click(200, 100).click(100, 100, { alt: true })
    test.editor.brush.size.value = 2
    test.click(250, 100)
    const label = test.store.records.track(test.tracks[0]!)!.label
    test.command('mask.to-polygon')
    expect(test.tracks.map((track) => shape(track)?.bounds)).toEqual([
      [90, 90, 110, 110],
      [158, 98, 162, 102],
      [198, 98, 202, 102],
    ])
    expect(test.tracks.map((track) => test.store.records.track(track)?.label)).toEqual([label, label, label])
    expect(test.selection).toEqual(test.tracks)
    expect(test.session.notice.value?.message).toBe(
      '3 pieces: 2 are objects of their own now. Holes are filled, polygons have none. Specks under 10 pixels are left out.',
    )
    test.press('Ctrl+Z')
    expect([test.tracks.length, shape()?.kind]).toEqual([1, 'mask'])
  })

  it('has its holes filled', () => {
    test.press('U')
    test.editor.brush.size.value = 4
    test.click(100, 100, { alt: true })
    expect(maskArea(shape()!)).toBe(400 - 16)
    test.command('mask.fill-holes')
    expect(maskArea(shape()!)).toBe(400)
  })

  it('grows and loses whole areas', () => {
    test.press('Shift+U')
    for (const [x, y] of [
      [110, 90],
      [150, 90],
      [150, 110],
      [110, 110],
    ] as const)
      test.click(x, y, { ctrl: true })
    test.press('Enter')
    expect(maskArea(shape()!)).toBe(400 + 40 * 20)
    for (const [x, y] of [
      [90, 90],
      [95, 90],
      [95, 110],
      [90, 110],
    ] as const)
      test.click(x, y, { ctrl: true, alt: true })
    test.press('Enter')
    expect([maskArea(shape()!), decodeMask(shape()!).left]).toEqual([400 + 800 - 100, 95])
  })
})
