import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { Flag } from '@/store/chunks'
import type { TrackId } from '@/store/types'
import { conditionsOf, EVERYTHING } from './track-filter'

let test: TestEditor
let person: TrackId
let car: TrackId
let tracked: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  person = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
  car = test.given({ 50: [0, 0, 10, 10], 55: [0, 0, 10, 10] }, 2)
  tracked = test.given({ 10: [0, 0, 10, 10] })
  test.predict(tracked, [11, 12, 13], [0, 0, 10, 10], 'run', Flag.doubtful)
})

const shown = () => test.editor.list.shown.value.map(({ id }) => id)

describe('the list of tracks', () => {
  it('has all of them in the order of their numbers at first', () => {
    expect(shown()).toEqual([person, car, tracked])
    expect(test.editor.list.count.value).toBe(3)
  })

  it('leaves deleted ones out', () => {
    test.store.transact('Delete', (tx) => tx.updateTrack(car, { deleted: true }))
    expect(shown()).toEqual([person, tracked])
  })

  it('finds by words of label and number, in any order', () => {
    test.store.records.setNumber(person, 12)
    test.store.records.settle()
    test.editor.list.narrow({ query: '12 PERS' })
    expect(shown()).toEqual([person])
  })

  it('finds one number alone by #', () => {
    test.store.records.setNumber(person, 12)
    test.store.records.setNumber(car, 112)
    test.store.records.settle()
    test.editor.list.narrow({ query: '#12' })
    expect(shown()).toEqual([person])
  })

  it('follows the frame where only what is here is asked for', () => {
    test.editor.list.narrow({ here: true })
    expect(shown()).toEqual([person])
    test.session.frame.value = 52
    expect(shown()).toEqual([car])
  })

  it('knows tracks of keyframes only from predicted and doubtful ones', () => {
    test.editor.list.narrow({ contents: new Set(['keyframes']) })
    expect(shown()).toEqual([person, car])
    test.editor.list.narrow({ contents: new Set(['doubtful']) })
    expect(shown()).toEqual([tracked])
  })

  it('shows what a run follows, as long as it does', () => {
    test.editor.list.narrow({ contents: new Set(['running']) })
    test.bench.run({ id: 'run', tracks: [car] })
    expect(shown()).toEqual([car])
    test.bench.run({ id: 'run', tracks: [car], state: 'done' })
    expect(shown()).toEqual([])
  })

  it('asks for all conditions, of each any', () => {
    test.editor.list.narrow({ labels: new Set([1, 2]), verdicts: new Set(['accepted']) })
    test.store.transact('Accept', (tx) => tx.judge(car, [[0, 9]], [{ first: 0, last: 9, verdict: 'accepted' }]))
    expect(shown()).toEqual([car])
    expect(conditionsOf(test.editor.list.filter.value)).toBe(2)
    test.editor.list.clear()
    expect(test.editor.list.filter.value).toBe(EVERYTHING)
  })

  it('hides hidden ones where asked', () => {
    test.session.toggleHidden(person)
    test.editor.list.narrow({ visible: true })
    expect(shown()).toEqual([car, tracked])
  })

  it('sorts by label, first frame and length, both ways', () => {
    const { order } = test.editor.list
    order.value = { by: 'label', descending: false }
    expect(shown()).toEqual([car, person, tracked])
    order.value = { by: 'first', descending: true }
    expect(shown()).toEqual([car, tracked, person])
    order.value = { by: 'length', descending: false }
    expect(shown()).toEqual([tracked, car, person])
  })
})
