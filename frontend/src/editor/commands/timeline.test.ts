import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { TimelineControl } from '@/editor/time/timeline-control'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'

let test: TestEditor
let track: TrackId
let timeline: { [Name in keyof TimelineControl]: ReturnType<typeof vi.fn<TimelineControl[Name]>> }

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 10: [10, 0, 20, 10], 20: [20, 0, 30, 10] })
  timeline = { zoom: vi.fn(), whole: vi.fn(), show: vi.fn(), toggleAttributes: vi.fn(), inView: vi.fn() }
  test.editor.timeline = timeline
})

describe('a keyframe', () => {
  it('goes a frame earlier or later, and the playhead with it', () => {
    test.session.select(track)
    test.session.frame.value = 20
    test.press('Alt+Shift+ArrowLeft')
    expect([test.box(track, 19), test.row(track, 20), test.session.frame.value]).toEqual([[20, 0, 30, 10], null, 19])
    test.press('Alt+Shift+ArrowRight')
    expect([test.row(track, 19), test.box(track, 20), test.session.frame.value]).toEqual([null, [20, 0, 30, 10], 20])
  })

  it('never goes onto the one beside it', () => {
    test.store.transact('Close', (tx) => tx.putRow(track, { ...test.row(track, 20)!, frame: 11 }))
    test.session.select(track)
    test.session.frame.value = 10
    test.press('Alt+Shift+ArrowRight')
    expect([test.row(track, 10)?.keyframe, test.session.frame.value]).toEqual([true, 10])
    expect(test.session.notice.value?.message).toContain('No keyframe')
  })
})

describe('the timeline shows', () => {
  it('the chosen frames, else those of the selected objects, else all', () => {
    test.press('Ctrl+End')
    expect(timeline.whole).toHaveBeenCalledOnce()
    test.session.select(track)
    test.press('Ctrl+End')
    expect(timeline.show).toHaveBeenLastCalledWith(10, 20)
    test.session.range.value = [3, 5]
    test.press('Ctrl+End')
    expect(timeline.show).toHaveBeenLastCalledWith(3, 5)
  })

  it('the changing attributes of the selected objects, else of all listed', () => {
    const other = test.given({ 0: [0, 0, 10, 10] })
    test.press('Alt+A')
    expect(timeline.toggleAttributes).toHaveBeenLastCalledWith([track, other])
    test.session.select(other)
    test.press('Alt+A')
    expect(timeline.toggleAttributes).toHaveBeenLastCalledWith([other])
  })
})
