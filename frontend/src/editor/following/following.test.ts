import { beforeEach, describe, expect, it } from 'vitest'
import { keyframeBox } from '@/store/chunks'
import { TestEditor } from '@/testing/test-editor'
import type { GeometryKind, TrackId } from '@/store/types'

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
        prompts: [{ track, frame: 0 }, { track: other }],
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
    expect(test.editor.following.startable().why).toBe('')
    test.session.frame.value = 5
    expect(test.editor.following.startable().why).toBe('Nothing selected has a shape here')
    test.press('T')
    expect(test.sent('run.start')).toEqual([])
  })

  it('leaves out what is being tracked already, and says so when nothing is left', () => {
    test.bench.run({ id: 'run', tracks: [track] })
    test.press('T')
    expect(test.sent('run.start')).toEqual([])
    expect(test.session.notice.value?.message).toContain('already')
  })

  it('leaves out what was asked for a moment ago, until the server says that it has it or not', () => {
    test.press('T')
    test.press('T')
    const [asked, ...more] = test.sent('run.start')
    expect(more).toEqual([])
    expect(test.store.runs.atRest()).toBe(false)
    test.store.receive({ type: 'refused', message: 'No.', edit: null, run: asked!.id })
    expect(test.store.runs.atRest()).toBe(true)
    test.press('T')
    const again = test.sent('run.start')
    expect(again).toHaveLength(2)
    test.bench.run({ id: again[1]!.id, tracks: [track], state: 'done' })
    expect(test.store.runs.atRest()).toBe(true)
  })

  it('can be asked for again after the connection was lost', () => {
    test.press('T')
    test.bench.drop()
    test.bench.connect()
    test.press('T')
    expect(test.sent('run.start')).toHaveLength(2)
  })

  it('goes to the machine that was chosen, as long as it is there', async () => {
    test = await TestEditor.open({ machines: [{ id: 7, name: 'box', connected: true, resting: false }] })
    test.given({ 0: [100, 100, 200, 200] })
    test.editor.tracking.machine.value = 7
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([{ machine: 7 }])
    test.editor.tracking.machine.value = 8
    expect(test.sent('run.start')).toHaveLength(1)
    test.bench.drop()
    test.bench.connect()
    test.press('T')
    expect(test.sent('run.start').at(-1)).not.toHaveProperty('machine')
  })

  it('says so when there is nothing to track', () => {
    test.session.frame.value = 500
    test.press('T')
    expect(test.session.notice.value?.tone).toBe('error')
  })
})

describe('every kind of geometry', () => {
  /** Another keyframe of `kind` with a payload, on frame 0. */
  function drawn(kind: GeometryKind, payload: Uint8Array): TrackId {
    return test.store.transact('Given', (tx) => {
      const made = tx.createTrack({ label: 1 })
      tx.putRows(made, [{ ...keyframeBox(0, [10, 10, 40, 40]), kind, payload }])
      return made
    })
  }
  const polygon = () => drawn('polygon', new Uint8Array(new Float32Array([10, 10, 40, 10, 40, 40]).buffer))

  it('is tracked by the models for its family, one run for each', () => {
    const shaped = polygon()
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([
      { model: null, prompts: [{ track, frame: 0 }] },
      { model: null, prompts: [{ track: shaped, frame: 0 }] },
    ])
  })

  it('is sent by name alone', () => {
    test.session.select(polygon())
    test.press('T')
    const [start] = test.sent('run.start')
    expect(Object.keys(start!.prompts[0]!)).toEqual(['track', 'frame'])
  })

  it('takes the model and the settings that were chosen', () => {
    test.editor.tracking.model.value = 'boxes'
    test.editor.tracking.modelSettings.value = { boxes: { threshold: 0.5 } }
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([{ model: 'boxes', settings: { threshold: 0.5 } }])
  })

  it('says so when the chosen model follows another kind', () => {
    test.session.select(polygon())
    test.editor.tracking.pointsModel.value = 'masks'
    test.press('T')
    expect(test.sent('run.start')).toEqual([])
    expect(test.session.notice.value?.message).toContain('No model follows a polygon')
  })

  it('is corrected like a box', () => {
    const shaped = polygon()
    test.bench.run({ id: 'run', tracks: [shaped], heads: { [shaped]: 8 } })
    test.editor.following.edited([shaped], 0)
    expect(test.sent('run.correct')).toEqual([{ type: 'run.correct', run: 'run', track: shaped, frame: 0 }])
  })
})

const FOUND = 'f0f0f0f0-0000-4000-8000-000000000001'

describe('objects that a run of this person found', () => {
  const found = (author: number): void =>
    test.bench.announce([{ op: 'track.create', track: FOUND, fields: { label: 1, number: 9 } }], {
      kind: 'run',
      author,
      summary: 'Found an object',
    })
  const isThere = () => {
    const made = test.store.records.track(FOUND)
    return made !== null && !made.deleted
  }

  it('are taken back by undo, and come again by redo', () => {
    found(1)
    expect(isThere()).toBe(true)
    test.press('Ctrl+Z')
    expect(isThere()).toBe(false)
    test.press('Ctrl+Shift+Z')
    expect(isThere()).toBe(true)
  })

  it('stay when somebody else’s run found them', () => {
    found(2)
    test.press('Ctrl+Z')
    expect(isThere()).toBe(true)
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
    expect(test.sent('run.correct')).toEqual([{ type: 'run.correct', run: 'run', track, frame: 4 }])
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
        prompts: [{ track, frame: 4 }],
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

describe('followed as a mask', () => {
  beforeEach(() => {
    test.editor.tracking.asMask.value = true
    test.editor.tracking.maskModel.value = 'masks'
  })

  it('a box goes to the model for masks, with what answers clicks to find the object in it', () => {
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([
      { model: 'masks', prompts: [{ track }], options: { as_mask: { segmenter: 'clicks' } } },
    ])
  })

  it('it is tracked again like that after a correction', () => {
    test.predict(track, [1, 2, 3], [100, 100, 200, 200])
    test.editor.following.edited([track], 0)
    expect(test.sent('run.start')).toMatchObject([{ model: 'masks', options: { as_mask: {}, redo: true } }])
  })

  it('points stay points', () => {
    test.session.select(
      test.store.transact('Given', (tx) => {
        const made = tx.createTrack({ label: 1 })
        const payload = new Uint8Array([...new Uint8Array(new Float32Array([20, 20]).buffer), 2, 0, 0, 0])
        tx.putRows(made, [{ ...keyframeBox(0, [20, 20, 20, 20]), kind: 'points', payload }])
        return made
      }),
    )
    test.press('T')
    expect(test.sent('run.start')).toMatchObject([{ model: null, options: { as_mask: null } }])
  })
})
