import { beforeEach, describe, expect, it } from 'vitest'
import { between } from '@/editor/lists/between'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'
import { recolour, relabel, renumber, setLocked } from './objects'

let test: TestEditor
let tracks: TrackId[]

beforeEach(async () => {
  test = await TestEditor.open()
  tracks = [0, 1, 2, 3].map((index) => test.given({ [index * 10]: [0, 0, 10, 10], [index * 10 + 50]: [0, 0, 10, 10] }))
})

const track = (id: TrackId) => test.store.records.track(id)!
const label = (id: number) => test.editor.label(id)!

describe('many objects at once', () => {
  it('get a label in one step of undo, with the values of attributes that it shares', () => {
    test.store.transact('Pose', (tx) => tx.updateTrack(tracks[0]!, { frame_attributes: { 1: [[0, 'sits']] } }))
    relabel(test.editor, tracks, label(2))
    expect(tracks.map((id) => track(id).label)).toEqual([2, 2, 2, 2])
    expect(track(tracks[0]!).frame_attributes).toMatchObject({ 2: [[0, 'sits']] })
    test.press('Ctrl+Z')
    expect(tracks.map((id) => track(id).label)).toEqual([1, 1, 1, 1])
    expect(track(tracks[0]!).frame_attributes).toEqual({ 1: [[0, 'sits']] })
  })

  it('keep their label where the new one is not for shapes like theirs, and say so', () => {
    relabel(test.editor, tracks, label(4))
    expect(tracks.map((id) => track(id).label)).toEqual([1, 1, 1, 1])
    expect(test.session.notice.value?.message).toContain('form isn’t for shapes like 4 of these objects')
  })

  it('are recoloured but for the locked ones, and get the label’s colour back', () => {
    setLocked(test.editor, [tracks[3]!], true)
    recolour(test.editor, tracks, '#123456')
    expect(tracks.map((id) => track(id).colour)).toEqual(['#123456', '#123456', '#123456', ''])
    test.session.select(...tracks)
    test.press('Alt+Shift+C')
    expect(tracks.map((id) => track(id).colour)).toEqual(['', '', '', ''])
  })
})

describe('a track’s number', () => {
  beforeEach(() => tracks.forEach((id, index) => test.store.records.setNumber(id, index + 1)))

  it('can be any that is free', () => {
    expect(renumber(test.editor, tracks[0]!, 40)).toBe(true)
    expect(track(tracks[0]!).number).toBe(40)
  })

  it('is not one that another track has, also a deleted one', () => {
    test.store.transact('Delete', (tx) => tx.updateTrack(tracks[1]!, { deleted: true }))
    expect([renumber(test.editor, tracks[0]!, 2), renumber(test.editor, tracks[0]!, 3)]).toEqual([false, false])
    expect(test.session.notice.value?.message).toBe('The number 3 belongs to person 3. Choose another one.')
    expect(track(tracks[0]!).number).toBe(1)
  })

  it('is a whole one', () => {
    expect([renumber(test.editor, tracks[0]!, 1.5), renumber(test.editor, tracks[0]!, NaN)]).toEqual([false, false])
  })
})

describe('the ends of what is selected', () => {
  it('are gone to by keys', () => {
    test.session.select(tracks[1]!, tracks[2]!)
    test.press('Shift+End')
    expect(test.session.frame.value).toBe(70)
    test.press('Shift+Home')
    expect(test.session.frame.value).toBe(10)
  })
})

describe('a range of the list', () => {
  it('goes from the row picked before to this one, in either direction', () => {
    const list = test.editor.list.shown.value
    expect(between(list, list[2]!.id, list[0]!.id)).toEqual(tracks.slice(0, 3))
    expect(between(list, list[1]!.id, list[3]!.id)).toEqual(tracks.slice(1))
  })

  it('is a single row where the other one isn’t listed', () => {
    expect(between(test.editor.list.shown.value, 'gone', tracks[1]!)).toEqual([tracks[1]])
  })
})
