import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Finding, QueueItem } from '@/store/inspections'
import type { TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'
import { COME_CLOSE, NOTHING } from './inspection'

let test: TestEditor
let track: TrackId

const finding = (fields: Partial<Finding>): Finding => ({
  rule: 'jump',
  grade: 'warning',
  words: 'It moves.',
  track,
  name: 'car 1',
  other: '',
  first: 5,
  last: 6,
  ...fields,
})

const item = (fields: Partial<QueueItem>): QueueItem => ({
  track,
  other: '',
  name: 'car 1',
  first: 5,
  last: 9,
  worst: 7,
  chance: 0.5,
  wrong: 2.5,
  reasons: ['It jumped before.'],
  pictures: [],
  ...fields,
})

function found(...findings: Finding[]): void {
  result(findings, [])
}

function result(findings: readonly Finding[], queue: readonly QueueItem[]): void {
  test.store.inspections.latest.value = {
    state: 'done',
    message: '',
    revision: 1,
    current: 1,
    result: {
      findings,
      queue,
      queue_left_out: 0,
      left_out: {},
      rules: [],
      tracks: 1,
      shapes: 2,
      compared_every: 1,
      looks: null,
      seconds: 0,
    },
  }
}

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 3: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
})

describe('walking through what was found', () => {
  it('goes to each place and selects its object, and stays at the ends', () => {
    found(finding({}), finding({ first: 12, last: 12 }))
    test.press('F8')
    expect([test.session.frame.value, ...test.session.selection.value]).toEqual([5, track])
    test.press('F8').press('F8')
    expect([test.session.frame.value, test.editor.inspection.position.value]).toEqual([12, 1])
    test.press('Shift+F8').press('Shift+F8')
    expect([test.session.frame.value, test.editor.inspection.position.value]).toEqual([5, 0])
  })

  it('says that there is nothing to walk through', () => {
    test.press('F8')
    expect(test.session.notice.value?.message).toContain('nothing to walk through')
  })

  it('goes to where an object begins that is wrong as a whole', () => {
    found(finding({ first: null, last: null }))
    test.session.frame.value = 500
    test.press('F8')
    expect(test.session.frame.value).toBe(3)
  })

  it('lists what one rule finds', () => {
    found(finding({}), finding({ rule: 'gap', first: 9 }))
    test.editor.inspection.narrow('gap')
    test.press('F8')
    expect([test.editor.inspection.findings.value.length, test.session.frame.value]).toEqual([1, 9])
  })

  it('knows when something was changed since', () => {
    found(finding({}))
    test.store.latest.value = 1
    expect(test.editor.inspection.isStale.value).toBe(false)
    test.store.latest.value = 2
    expect(test.editor.inspection.isStale.value).toBe(true)
  })
})

describe('the review queue', () => {
  const judged = (verdict: 'accepted' | 'rejected', first: number, last: number) => ({
    first,
    last,
    verdict,
    reason: '',
    by: 1,
    by_name: 'Ann',
    at: '2026-01-01T00:00:00Z',
    revision: 1,
    reopened: null,
  })

  beforeEach(() => {
    result([], [item({}), item({ first: 12, last: 15, worst: 13 })])
    test.editor.inspection.page.value = 'queue'
  })

  it('is walked through, and put right where it is worst', () => {
    test.press('F8').press('F8')
    expect([test.session.frame.value, ...test.session.selection.value]).toEqual([12, track])
    test.editor.inspection.fix()
    expect([test.session.frame.value, test.focused]).toEqual([13, 'stage'])
  })

  it('knows what was said of all of a span, and of no part of it alone', () => {
    const { inspection } = test.editor
    const [first] = inspection.queue.value
    expect(inspection.verdictOn(first!)).toBeNull()
    test.store.records.setVerdicts(track, [judged('accepted', 0, 7)])
    expect(inspection.verdictOn(first!)).toBeNull()
    test.store.records.setVerdicts(track, [judged('accepted', 0, 7), judged('accepted', 8, 20)])
    expect(inspection.verdictOn(first!)).toBe('accepted')
    test.store.records.setVerdicts(track, [judged('accepted', 0, 7), judged('rejected', 8, 20)])
    expect(inspection.verdictOn(first!)).toBeNull()
  })

  it('asks why a span is rejected, and has the reason at hand', async () => {
    const { inspection, review } = test.editor
    const judge = vi.spyOn(test.store.inspections, 'judge').mockResolvedValue(true)
    test.press('F8')
    await inspection.judge('rejected')
    expect(judge).not.toHaveBeenCalled()
    expect(review.rejecting.value?.otherwise).toBe('It jumped before.')
    review.rejecting.value?.reject('It is another car.')
    expect(judge).toHaveBeenCalledWith(inspection.queue.value[0], 'rejected', 'It is another car.', expect.anything())
  })

  it('has what lies in the frames of a job', async () => {
    test = await TestEditor.open({ job: { id: 1, first: 10, last: 12, stage: 'annotation', state: 'new' } })
    result([], [item({}), item({ first: 12, last: 15 })])
    expect(test.editor.inspection.queue.value.map(({ first }) => first)).toEqual([12])
  })

  it('is for reviewers to judge', async () => {
    test = await TestEditor.open({ can_review: false })
    result([], [item({})])
    test.editor.inspection.page.value = 'queue'
    test.press('F8')
    await test.editor.inspection.judge('accepted')
    expect(test.session.notice.value?.message).toContain('reviewer')
  })
})

describe('the reasons of the queue', () => {
  it('are counted, also those that are not a span’s first, and narrow the list', () => {
    result(
      [],
      [
        item({ reasons: ['It jumped before.', 'Nobody has had it on screen yet.'] }),
        item({ first: 12, last: 14, reasons: ['Nobody has had it on screen yet.'] }),
        item({ first: 16, last: 18, reasons: [] }),
        item({ first: 17, last: 18, other: track, reasons: ['It comes close to car 2: …'] }),
      ],
    )
    const { inspection } = test.editor
    inspection.page.value = 'queue'
    expect(inspection.reasons.value).toEqual([
      ['Nobody has had it on screen yet.', 2],
      ['It jumped before.', 1],
      [NOTHING, 1],
      [COME_CLOSE, 1],
    ])
    inspection.narrowTo('Nobody has had it on screen yet.')
    expect(inspection.queue.value.map(({ first }) => first)).toEqual([5, 12])
    inspection.step(1)
    inspection.step(1)
    expect(test.session.frame.value).toBe(12)
    inspection.narrowTo('')
    expect(inspection.queue.value).toHaveLength(4)
  })
})
