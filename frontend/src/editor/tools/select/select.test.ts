import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [100, 100, 200, 200] })
})

describe('clicking', () => {
  it('a shape selects it', () => {
    test.click(150, 150)
    expect(test.selection).toEqual([track])
    expect(test.state).toBe('select.idle')
  })

  it('empty ground selects nothing', () => {
    test.click(150, 150).click(400, 300)
    expect(test.selection).toEqual([])
  })

  it('with Shift adds to the selection, and takes away', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.click(150, 150).click(350, 150, { shift: true })
    expect(test.selection).toEqual([track, other])
    test.click(150, 150, { shift: true })
    expect(test.selection).toEqual([other])
  })

  it('takes the smaller of two shapes that lie on each other', () => {
    const inner = test.given({ 0: [140, 140, 160, 160] })
    test.click(150, 150)
    expect(test.selection).toEqual([inner])
  })

  it('does not move anything when the hand shakes', () => {
    test.drag([150, 150], [152, 151])
    expect(test.box(track)).toEqual([100, 100, 200, 200])
    expect(test.sent('edit')).toHaveLength(1)
  })

  it('leaves hidden shapes alone', () => {
    test.session.toggleHidden(track)
    test.click(150, 150)
    expect(test.selection).toEqual([])
  })

  it('twice on empty ground shows the whole frame', () => {
    test.doubleClick(400, 300)
    expect(test.fits).toBe(1)
  })
})

describe('dragging a shape', () => {
  it('moves it as one edit', () => {
    test.drag([150, 150], [170, 140])
    expect(test.box(track)).toEqual([120, 90, 220, 190])
    expect(test.sent('edit')).toHaveLength(2)
    expect(test.state).toBe('select.idle')
  })

  it('moves video px, however far the view is zoomed', () => {
    test.session.view.value = { scale: 2, x: 10, y: 20, turns: 0 }
    test.drag([310, 320], [330, 320])
    expect(test.box(track)).toEqual([110, 100, 210, 200])
  })

  it('moves all that are selected', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.session.select(track, other)
    test.drag([150, 150], [160, 150])
    expect([test.box(track), test.box(other)]).toEqual([
      [110, 100, 210, 200],
      [310, 100, 410, 200],
    ])
  })

  it('keeps to one axis with Shift', () => {
    test.pointerDown(150, 150).pointerMove(190, 160, { shift: true }).pointerUp(190, 160, { shift: true })
    expect(test.box(track)).toEqual([140, 100, 240, 200])
  })

  it('stops at the edge of the frame', () => {
    test.drag([150, 150], [-300, 150])
    expect(test.box(track)).toEqual([0, 100, 100, 200])
  })

  it('is taken back by Escape', () => {
    test.pointerDown(150, 150).pointerMove(190, 160).press('Escape')
    expect(test.box(track)).toEqual([100, 100, 200, 200])
    expect(test.sent('edit')).toHaveLength(1)
  })

  it('makes a keyframe of a predicted shape', () => {
    test.predict(track, [5], [110, 100, 210, 200])
    test.session.frame.value = 5
    test.drag([150, 150], [160, 150])
    expect(test.row(track)).toMatchObject({ keyframe: true, predicted: false })
  })

  it('does nothing to a locked track, and says so', () => {
    test.store.transact('Lock', (tx) => tx.updateTrack(track, { locked: true }))
    test.drag([150, 150], [190, 160])
    expect(test.box(track)).toEqual([100, 100, 200, 200])
    expect(test.session.notice.value?.message).toContain('locked')
  })
})

describe('dragging a ghost', () => {
  it('sets a keyframe where the track showed nothing', () => {
    test.session.select(track)
    test.session.frame.value = 30
    expect(test.box(track)).toBeNull()
    test.drag([150, 150], [160, 150])
    expect(test.box(track, 30)).toEqual([110, 100, 210, 200])
    expect(test.box(track, 15)).toEqual([105, 100, 205, 200])
  })
})

describe('dragging a handle', () => {
  beforeEach(() => test.session.select(track))

  it('resizes', () => {
    test.drag([200, 200], [250, 230])
    expect(test.box(track)).toEqual([100, 100, 250, 230])
  })

  it('keeps it square with Shift', () => {
    test.drag([200, 200], [250, 230], { shift: true })
    expect(test.box(track)).toEqual([100, 100, 250, 250])
  })

  it('turns the box over when it passes the opposite side', () => {
    test.drag([200, 150], [50, 150])
    expect(test.box(track)).toEqual([50, 100, 100, 200])
  })

  it('keeps what the box says of occlusion', () => {
    test.press('Q').drag([200, 200], [250, 230])
    expect(test.row(track)?.occluded).toBe(true)
  })
})

describe('the selection rectangle', () => {
  it('selects what it touches', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.given({ 0: [500, 300, 520, 320] })
    test.pointerDown(50, 50).pointerMove(320, 150)
    expect(test.state).toBe('select.marquee')
    expect(test.editor.marquee.value).toEqual([50, 50, 320, 150])
    test.pointerUp(320, 150)
    expect(test.selection).toEqual([track, other])
    expect(test.editor.marquee.value).toBeNull()
  })

  it('gives the former selection back on Escape', () => {
    test.session.select(track)
    test.pointerDown(500, 300).pointerMove(520, 320).press('Escape')
    expect(test.selection).toEqual([track])
  })
})
