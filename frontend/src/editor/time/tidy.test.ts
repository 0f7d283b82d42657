import { beforeEach, describe, expect, it } from 'vitest'
import { windowBody } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import { keyframeBox, pack } from '@/store/chunks'
import type { TrackId } from '@/store/types'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10], 40: [40, 0, 50, 10] })
  test.session.select(track)
})

const along = (frames: readonly number[]) => frames.map((frame) => test.box(track, frame)?.[0] ?? null)

describe('removing', () => {
  it('all outside closes every gap', () => {
    for (const frame of [5, 25]) {
      test.session.frame.value = frame
      test.press('O')
    }
    test.press('Alt+O')
    expect(along([4, 10, 30])).toEqual([4, 10, 30].map((frame) => expect.closeTo(frame, 0) as number))
    expect(test.session.notice.value?.message).toContain('2 gaps removed')
  })

  it('outside spares gaps beyond the chosen range', () => {
    for (const frame of [5, 25]) {
      test.session.frame.value = frame
      test.press('O')
    }
    test.session.range.value = [20, 40]
    test.press('Alt+O')
    expect([10, 30].map((frame) => test.box(track, frame) !== null)).toEqual([false, true])
  })

  it('keyframes in a range gives them back to interpolation', () => {
    test.predict(track, [18], [90, 0, 99, 10])
    test.session.range.value = [10, 30]
    test.press('Alt+K')
    expect(test.row(track, 20)).toBeNull()
    expect(test.row(track, 18)?.predicted).toBe(true)
  })

  it('predictions lets the shapes be interpolated between the keyframes around this frame', () => {
    test.predict(track, [5, 18, 25, 45], [90, 0, 99, 10])
    test.session.frame.value = 10
    test.press('Alt+Shift+K')
    expect(along([5, 18])).toEqual([5, 18].map((frame) => expect.closeTo(frame, 0) as number))
    expect([25, 45].map((frame) => test.row(track, frame)?.predicted)).toEqual([true, true])
    test.press('Ctrl+Z')
    expect(test.row(track, 5)?.predicted).toBe(true)
  })

  it('predictions in a range spares those behind the last keyframe', () => {
    test.predict(track, [5, 25, 45], [90, 0, 99, 10])
    test.session.range.value = [3, 60]
    test.press('Alt+Shift+K')
    expect([5, 25, 45].map((frame) => test.row(track, frame)?.predicted ?? false)).toEqual([false, false, true])
  })

  it('predictions says what to do where there are none between keyframes', () => {
    test.session.frame.value = 50
    test.press('Alt+Shift+K')
    expect(test.session.notice.value?.message).toContain('no predictions between two keyframes')
  })

  it('keyframes wants a range', () => {
    test.press('Alt+K')
    expect(test.row(track, 20)).not.toBeNull()
    expect(test.session.notice.value?.message).toContain('Choose a range')
  })
})

describe('what a person may not change', () => {
  it('is refused before anything is sent, and named', async () => {
    test = await TestEditor.open({ editable_ranges: [[0, 29]] })
    track = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10], 40: [40, 0, 50, 10] })
    test.session.select(track)
    const sent = test.sent('edit').length
    test.session.frame.value = 10
    test.press('Alt+M')
    expect(test.sent('edit')).toHaveLength(sent)
    expect(test.session.notice.value?.message).toBe('This would change frames 40, but your job covers frames 0–29.')
  })
})

describe('rows that are not loaded yet', () => {
  it('are fetched before a whole track is changed, so that none is missed', async () => {
    test = await TestEditor.open()
    const far = pack(768, [keyframeBox(900, [5, 5, 9, 9])])
    track = test.given({ 0: [0, 0, 10, 10] })
    test.bench.acknowledge(test.sent('edit')[0]!)
    await test.store.loader.refetch(false)
    test.bench.rest.body = (path) => {
      const [first, last] = ['first', 'last'].map((name) =>
        Number(new URLSearchParams(path.split('?')[1]).get(name)),
      ) as [number, number]
      return windowBody({ revision: 0, first, last, tracks: null, chunks: [{ track, bytes: far.length }] }, [far])
    }
    test.session.select(track)
    test.session.frame.value = 10
    test.press('Alt+M')
    expect(test.tracks).toEqual([track])
    await new Promise((resolve) => setTimeout(resolve))
    expect(test.tracks).toHaveLength(2)
    expect(test.row(test.selection[0]!, 900)?.bounds).toEqual([5, 5, 9, 9])
    expect(test.row(track, 900)).toBeNull()
  })

  it('are fetched before an edit from before a reload is taken back, so that it can be done again', async () => {
    test = await TestEditor.open()
    track = test.given({ 600: [0, 0, 10, 10] })
    test.bench.acknowledge(test.sent('edit')[0]!)
    await test.store.loader.refetch(false)
    const far = pack(0, [keyframeBox(100, [5, 5, 9, 9])])
    test.bench.rest.body = (path) => {
      const [first, last] = ['first', 'last'].map((name) =>
        Number(new URLSearchParams(path.split('?')[1]).get(name)),
      ) as [number, number]
      return windowBody({ revision: 0, first, last, tracks: null, chunks: [{ track, bytes: far.length }] }, [far])
    }
    const inverse = [{ op: 'shapes.replace' as const, track, ranges: [[100, 100] as [number, number]], tables: [] }]
    test.store.history.push({ edit: 'earlier', summary: 'Draw far away', inverse })
    test.press('Ctrl+Z')
    await new Promise((resolve) => setTimeout(resolve))
    expect(test.row(track, 100)).toBeNull()
    test.press('Ctrl+Shift+Z')
    expect(test.row(track, 100)?.bounds).toEqual([5, 5, 9, 9])
  })
})

describe('the middle between two keyframes', () => {
  it('is one key away', () => {
    test.session.frame.value = 3
    test.press('W')
    expect(test.session.frame.value).toBe(10)
    test.press('W')
    expect(test.session.frame.value).toBe(10)
    test.session.frame.value = 20
    test.press('W')
    expect(test.session.frame.value).toBe(30)
  })

  it('is said not to be where there is none', () => {
    test.session.frame.value = 50
    test.press('W')
    expect(test.session.notice.value?.message).toContain('both sides')
  })
})

describe('the range', () => {
  it('begins and ends where a key says', () => {
    test.session.frame.value = 30
    test.press('[')
    expect(test.session.range.value).toEqual([30, 999])
    test.session.frame.value = 60
    test.press(']')
    expect(test.session.range.value).toEqual([30, 60])
    test.session.frame.value = 10
    test.press(']')
    expect(test.session.range.value).toEqual([10, 10])
    test.press('\\')
    expect(test.session.range.value).toBeNull()
  })
})
