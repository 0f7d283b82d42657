import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { Box } from '@/geometry/box'
import type { TrackId } from '@/store/types'
import { openMenuAt, placeBeside, selectionInView } from './menu'

const ROOM = { width: 640, height: 360 }
const BAR = { width: 300, height: 36 }

describe('the place for actions beside an object', () => {
  const covers = (box: Box): boolean => {
    const place = placeBeside(box, BAR, ROOM)!
    return place.x < box[2] && place.x + BAR.width > box[0] && place.y < box[3] && place.y + BAR.height > box[1]
  }

  it('is below, in its middle', () => {
    expect(placeBeside([200, 100, 300, 150], BAR, ROOM)).toEqual({ x: 100, y: 162 })
  })

  it.each<[string, Box]>([
    ['at the bottom', [200, 200, 300, 350]],
    ['at the top left', [-20, -20, 60, 60]],
    ['as high as the picture', [10, 0, 100, 360]],
    ['at the right edge', [600, 10, 700, 60]],
  ])('never covers one %s', (_, box) => {
    expect(covers(box)).toBe(false)
  })

  it('is none when the object leaves no room, or is out of view', () => {
    expect(placeBeside([0, 0, 640, 360], BAR, ROOM)).toBeNull()
    expect(placeBeside([700, 0, 800, 50], BAR, ROOM)).toBeNull()
  })
})

describe('the menu', () => {
  let test: TestEditor
  let track: TrackId
  beforeEach(async () => {
    test = await TestEditor.open()
    track = test.given({ 0: [100, 100, 200, 200] })
    test.session.select()
  })
  const at = (x: number, y: number) => ({ view: { x, y }, point: { x, y }, shift: false, ctrl: false, alt: false })

  it('opens for what is at the pointer, and selects it', () => {
    expect(openMenuAt(test.editor, at(150, 150))).toBe(true)
    expect(test.selection).toEqual([track])
    expect(test.editor.menuAt.value).toEqual({ x: 150, y: 150 })
  })

  it('keeps a selection of several when it is opened on one of them', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.session.select(track, other)
    openMenuAt(test.editor, at(150, 150))
    expect(test.selection).toEqual([track, other])
  })

  it('doesn’t open on empty ground', () => {
    expect(openMenuAt(test.editor, at(500, 300))).toBe(false)
    expect(test.editor.menuAt.value).toBeNull()
  })

  it('opens by key beside what is selected', () => {
    test.session.select(track)
    test.press('Shift+F10')
    expect(test.editor.menuAt.value).toEqual({ x: 100, y: 206 })
  })

  it('is about all selected shapes together', () => {
    test.session.select(track, test.given({ 0: [300, 50, 400, 150] }))
    expect(selectionInView(test.editor)).toEqual([100, 50, 400, 200])
  })
})
