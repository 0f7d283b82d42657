import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { heldAt } from '@/editor/objects/attributes'
import type { TrackId } from '@/store/types'
import { clearFromHere, fieldsOf, removeStep, selectedTracks, setAttribute } from './attributes'

let test: TestEditor
let person: TrackId
let car: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  person = test.given({ 0: [0, 0, 10, 10], 100: [0, 0, 10, 10] })
  car = test.given({ 0: [20, 0, 30, 10], 100: [20, 0, 30, 10] }, 2)
  test.session.select(person, car)
})

const field = () => fieldsOf(test.editor, selectedTracks(test.editor))[0]!

function pose(track: TrackId, frame: number): unknown {
  const known = test.store.records.track(track)!
  return heldAt(known, test.editor.label(known.label)!.attributes[0]!, frame).value
}

describe('setting an attribute of several objects', () => {
  it('holds from this frame on, for objects of different labels, and is one step of undo', () => {
    test.session.frame.value = 10
    setAttribute(test.editor, field(), 'walks')
    expect([pose(person, 9), pose(person, 10), pose(car, 99)]).toEqual([null, 'walks', 'walks'])
    test.press('Ctrl+Z')
    expect([pose(person, 10), pose(car, 10)]).toEqual([null, null])
  })

  it('in a range ends with it', () => {
    setAttribute(test.editor, field(), 'walks')
    setAttribute(test.editor, field(), 'lies', [20, 29])
    expect([19, 20, 29, 30].map((frame) => pose(car, frame))).toEqual(['walks', 'lies', 'lies', 'walks'])
  })

  it('leaves a locked one alone, and says so', () => {
    test.store.transact('Lock', (tx) => tx.updateTrack(car, { locked: true }))
    setAttribute(test.editor, field(), 'sits')
    expect([pose(person, 0), pose(car, 0)]).toEqual(['sits', null])
    expect(test.session.notice.value?.message).toContain('locked')
  })

  it('can be cleared on a frame, or from it on', () => {
    setAttribute(test.editor, field(), 'walks')
    test.session.frame.value = 10
    setAttribute(test.editor, field(), 'sits')
    removeStep(test.editor, field())
    expect(pose(person, 10)).toBe('walks')
    test.session.frame.value = 0
    clearFromHere(test.editor, field())
    expect(pose(person, 10)).toBeNull()
  })
})

describe('the attributes of the selection', () => {
  it('get the focus by a key, also when their panel is folded', () => {
    test.editor.panels.toggle('attributes')
    test.press('Shift+A')
    expect(test.editor.panels.isOpen('attributes')).toBe(true)
    expect(test.focused).toBe('attributes')
  })
})
