import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [100, 100, 200, 200] })
})

describe('Track', () => {
  it('starts a run from the shapes of this frame, to the end', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([
      {
        model: null,
        direction: 'forward',
        first: 0,
        last: 999,
        prompts: [{ track, frame: 0, box: [100, 100, 200, 200] }, { track: other }],
      },
    ])
  })

  it('takes the selected objects alone, and as many frames as asked', () => {
    const other = test.given({ 0: [300, 100, 400, 200] })
    test.session.select(other)
    test.editor.tracking.frames.value = 50
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([{ first: 0, last: 50, prompts: [{ track: other }] }])
  })

  it('goes back in time with Shift', () => {
    const later = test.given({ 60: [0, 0, 10, 10] })
    test.session.frame.value = 60
    test.session.select(later)
    test.press('Shift+T')
    expect(test.sent('run.start')).toMatchObject([{ direction: 'backward', first: 0, last: 60 }])
  })

  it('says why where nothing of the selection has a box', () => {
    test.session.select(track)
    expect(test.editor.following.boxes().why).toBe('')
    test.session.frame.value = 5
    expect(test.editor.following.boxes().why).toBe('Nothing selected has a box here')
    test.press('T')
    expect(test.sent('run.start')).toEqual([])
  })

  it('leaves out what is being tracked already, and says so when nothing is left', () => {
    test.bench.run({ id: 'run', tracks: [track] })
    test.press('T')
    expect(test.sent('run.start')).toEqual([])
    expect(test.session.notice.value?.message).toContain('already')
  })

  it('says so when there is nothing to track', () => {
    test.session.frame.value = 500
    test.press('T')
    expect(test.session.notice.value?.tone).toBe('error')
  })
})

describe('correcting an object', () => {
  beforeEach(() => {
    test.predict(track, [1, 2, 3, 4, 5, 6, 7, 8], [100, 100, 200, 200])
    test.session.frame.value = 4
  })

  it('that a run follows tells that run', () => {
    test.bench.run({ id: 'run', tracks: [track], heads: { [track]: 8 } })
    test.drag([150, 150], [160, 150])
    expect(test.sent('run.correct')).toEqual([
      { type: 'run.correct', run: 'run', track, frame: 4, box: [110, 100, 210, 200] },
    ])
    expect(test.sent('run.start')).toEqual([])
  })

  it('that was tracked before tracks it again from there, it alone, as far as it went', () => {
    test.given({ 4: [300, 100, 400, 200] })
    test.drag([150, 150], [160, 150])
    expect(test.sent('run.start')).toMatchObject([
      {
        first: 4,
        last: 8,
        direction: 'forward',
        prompts: [{ track, frame: 4, box: [110, 100, 210, 200] }],
        options: { redo: true },
      },
    ])
  })

  it('gets its former predictions back when the correction is undone, and the new ones when it is done again', () => {
    const boxes = () => [3, 4, 5, 8].map((frame) => test.store.queries.shapeAt(track, frame)?.bounds[0])
    const before = boxes()
    test.drag([150, 150], [160, 150])
    test.store.records.clearPredictions(track, 5, 8)
    test.predict(track, [5, 6, 7, 8], [190, 100, 290, 200])
    const after = boxes()
    expect(after).not.toEqual(before)
    test.bench.run({ id: 'again', tracks: [track], first: 4, last: 8 })

    test.press('Ctrl+Z')
    expect(boxes()).toEqual(before)
    expect(test.sent('run.stop')).toMatchObject([{ run: 'again', tracks: [track] }])

    test.press('Ctrl+Shift+Z')
    expect(boxes()).toEqual(after)
    test.press('Ctrl+Z')
    expect(boxes()).toEqual(before)
  })

  it('tracked backward goes back in time again, and only up to the frames another keyframe leads to', () => {
    const other = test.given({ 8: [300, 100, 400, 200] })
    test.predict(other, [1, 2, 3, 4, 5, 6, 7], [300, 100, 400, 200])
    test.session.select(other)
    test.drag([350, 150], [360, 150])
    expect(test.sent('run.start')).toMatchObject([{ first: 1, last: 4, direction: 'backward' }])
  })

  it('where it was drawn tracks it again both ways', () => {
    const other = test.given({ 4: [300, 100, 400, 200] })
    test.predict(other, [2, 3, 5, 6], [300, 100, 400, 200])
    test.session.select(other)
    test.drag([350, 150], [360, 150])
    expect(test.sent('run.start')).toMatchObject([{ first: 2, last: 6, direction: 'both' }])
  })

  it('ahead of its run leaves the run alone: it comes there by itself', () => {
    test.bench.run({ id: 'run', tracks: [track], heads: { [track]: 2 } })
    test.drag([150, 150], [160, 150])
    expect(test.sent('run.correct')).toEqual([])
    expect(test.sent('run.start')).toEqual([])
  })

  it('is only an edit when tracking again is switched off', () => {
    test.editor.tracking.autoTrack.value = false
    test.drag([150, 150], [160, 150])
    expect(test.sent('run.start')).toEqual([])
  })

  it('that was never tracked starts nothing', () => {
    const drawn = test.given({ 4: [300, 100, 400, 200], 9: [300, 100, 400, 200] })
    test.session.select(drawn)
    test.drag([350, 150], [360, 150])
    expect(test.sent('run.start')).toEqual([])
  })
})

it('a run checks both ways when that is chosen', () => {
  const drawn = test.given({ 4: [300, 100, 400, 200] })
  test.session.select(drawn)
  test.session.frame.value = 4
  test.editor.tracking.checkBothWays.value = true
  test.press('T')
  expect(test.sent('run.start')).toMatchObject([{ options: { check_both_ways: true } }])
})

it('coming near the end of a bounded run makes it go on, once', () => {
  test.editor.tracking.frames.value = 50
  test.bench.run({ id: 'run', tracks: [track], first: 0, last: 50 })
  for (const frame of [45, 46]) {
    test.session.frame.value = frame
    test.editor.following.nearEnd()
  }
  expect(test.sent('run.extend')).toEqual([{ type: 'run.extend', run: 'run', first: 0, last: 100 }])
})

describe('Escape', () => {
  it('stops this person’s runs, and leaves those of others', () => {
    test.bench.run({ id: 'mine', tracks: [track], mine: true })
    test.bench.run({ id: 'theirs', tracks: [], mine: false })
    test.press('Escape')
    expect(test.sent('run.stop')).toMatchObject([{ run: 'mine' }])
  })

  it('cancels a gesture before it stops a run', () => {
    test.bench.run({ id: 'mine', tracks: [track], mine: true })
    test.pointerDown(150, 150).pointerMove(190, 160).press('Escape')
    expect(test.sent('run.stop')).toEqual([])
    expect(test.box(track)).toEqual([100, 100, 200, 200])
  })
})

it('deleting a followed track stops following it', () => {
  test.bench.run({ id: 'run', tracks: [track] })
  test.session.select(track)
  test.press('Shift+Delete')
  expect(test.sent('run.stop')).toMatchObject([{ run: 'run', tracks: [track] }])
})
