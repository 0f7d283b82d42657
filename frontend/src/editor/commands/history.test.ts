import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'
import { restoreTracks } from './history'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 5: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
  test.session.select(track)
  test.press('Ctrl+Shift+Delete').confirm()
})

describe('restoring deleted objects', () => {
  it('brings them back with their shapes, selected, and moves nothing', () => {
    restoreTracks(test.editor, [track])
    expect(test.box(track, 20)).toEqual([20, 0, 30, 10])
    expect(test.selection).toEqual([track])
    expect(test.session.frame.value).toBe(0)
    expect(test.session.notice.value?.goTo).toBe(5)
  })

  it('is one step of undo for many', () => {
    const other = test.given({ 0: [0, 0, 10, 10] })
    test.session.select(other)
    test.press('Ctrl+Shift+Delete').confirm()
    restoreTracks(test.editor, [track, other])
    expect(test.tracks).toEqual([track, other])
    test.press('Ctrl+Z')
    expect(test.tracks).toEqual([])
  })

  it('is seen at once by everybody who watches', () => {
    test.sent('edit').forEach((edit) => test.bench.acknowledge(edit))
    test.bench.announce([{ op: 'track.update', track, fields: { deleted: false } }])
    expect(test.box(track, 5)).toEqual([0, 0, 10, 10])
  })

  it('leaves alone what is there', () => {
    restoreTracks(test.editor, [track])
    const before = test.sent('edit').length
    restoreTracks(test.editor, [track])
    expect(test.sent('edit')).toHaveLength(before)
  })
})
