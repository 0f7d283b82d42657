import { beforeEach, describe, expect, it } from 'vitest'
import type { EventOut } from '@/protocol/generated'
import { TestEditor } from '@/testing/test-editor'
import type { TrackId } from '@/store/types'
import { verdictAt, type SpanVerdict } from '@/store/verdicts'

let test: TestEditor
let track: TrackId

const spans = () => test.store.records.track(track)!.verdicts.map(({ verdict, first, last }) => [verdict, first, last])
const signed = (first: number, last: number, more: Partial<SpanVerdict> = {}): SpanVerdict => ({
  first,
  last,
  verdict: 'accepted',
  reason: '',
  by: 2,
  by_name: 'Rita',
  at: '2026-01-01T00:00:00+00:00',
  revision: 3,
  reopened: null,
  ...more,
})

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 10: [10, 0, 20, 10], 40: [20, 0, 30, 10] })
  test.session.select(track)
})

describe('a verdict', () => {
  it('is on the whole track, is one step of undo, and is sent as an operation', () => {
    test.press('Alt+Y')
    expect(spans()).toEqual([['accepted', 10, 40]])
    test.press('Ctrl+Z')
    expect(spans()).toEqual([])
  })

  it('is on the chosen frames where some are chosen', () => {
    test.press('Alt+Y')
    test.session.range.value = [15, 90]
    test.press('Shift+V')
    expect(spans()).toEqual([
      ['accepted', 10, 14],
      ['check', 15, 40],
    ])
  })

  it('that rejects asks what is wrong first', () => {
    test.press('Alt+W')
    expect(spans()).toEqual([])
    expect(test.editor.review.rejecting.value?.spans).toEqual([{ track, ranges: [[10, 40]] }])
    test.editor.review.rejecting.value?.reject('It is wide.')
    expect(spans()).toEqual([['rejected', 10, 40]])
  })

  it('is a reviewer’s to give', () => {
    test.store.receive({
      type: 'rights',
      ranges: [[0, 999]],
      can_manage: false,
      can_review: false,
      can_settle: true,
      why: '',
    })
    test.press('Alt+Y')
    expect(spans()).toEqual([])
  })

  it('is what the server says of it, with those on top that it doesn’t have yet', () => {
    test.session.range.value = [20, 29]
    test.press('Shift+V')
    test.store.records.setVerdicts(track, [])
    told({ verdicts: [{ track, spans: [signed(10, 40)] }] })
    expect(spans()).toEqual([
      ['accepted', 10, 19],
      ['check', 20, 29],
      ['accepted', 30, 40],
    ])
    expect(verdictAt(test.store.records.track(track)!.verdicts, 12)?.by_name).toBe('Rita')
  })
})

/** Somebody else's change, as the server tells it. */
function told(fields: Partial<EventOut>): void {
  test.store.receive({
    type: 'event',
    revision: 500,
    kind: 'edit',
    edit: 'another',
    undoes: null,
    author: 2,
    author_name: 'Rita',
    summary: '',
    at: '',
    operations: [],
    told: true,
    run: null,
    numbers: {},
    touched: [],
    verdicts: [],
    conflicts: [],
    ...fields,
  })
}

describe('a change of what was reviewed', () => {
  const opens = (fields: Partial<EventOut>, revision = 500) => {
    const reopened = { was: 'accepted' as const, by: 2, by_name: 'Rita', at: '', revision, how: '' }
    told({ revision, verdicts: [{ track, spans: [signed(20, 24, { verdict: 'check', reopened })] }], ...fields })
  }

  it('is told with a way there', () => {
    opens({})
    expect(test.session.notice.value).toMatchObject({ goTo: 20, track })
    expect(test.session.notice.value?.message).toContain('Rita changed what was reviewed')
  })

  it('by a run is told once for each object', () => {
    const byRun = { kind: 'predictions', author: null, author_name: '', run: 'a' } as const
    opens(byRun)
    expect(test.session.notice.value).toMatchObject({ goTo: 20, track })
    expect(test.session.notice.value?.message).toContain('A run changes what was reviewed')
    test.session.notice.value = null
    opens(byRun, 501)
    expect(test.session.notice.value).toBeNull()
    opens({ ...byRun, run: 'b' }, 502)
    expect(test.session.notice.value).not.toBeNull()
  })
})

describe('what nobody has judged', () => {
  it('is found from where one is, then in the next object', () => {
    const other = test.given({ 3: [0, 0, 5, 5], 5: [0, 0, 5, 5] })
    test.store.records.setVerdicts(track, [signed(10, 19), signed(30, 40, { verdict: 'check' })])
    test.store.records.settle()
    test.session.select(track)
    test.session.frame.value = 0
    test.press('Alt+G')
    expect(test.session.frame.value).toBe(20)
    test.press('Alt+G')
    expect([[...test.session.selection.value], test.session.frame.value]).toEqual([[other], 3])
  })
})

describe('what is accepted and locked', () => {
  const asAnnotator = () => {
    test.store.records.setVerdicts(track, [signed(10, 19)])
    test.store.receive({
      type: 'rights',
      ranges: [[0, 999]],
      can_manage: false,
      can_review: false,
      can_settle: true,
      why: '',
    })
    test.store.receive(test.bench.surroundings({ locks_accepted: true }))
  }

  it('is not an annotator’s to change, who is told the frames', () => {
    asAnnotator()
    test.session.frame.value = 12
    expect(test.editor.mayEdit(track)).toBe(false)
    expect(test.session.notice.value?.message).toContain('10–19')
    test.session.frame.value = 30
    expect(test.editor.mayEdit(track)).toBe(true)
  })
})
