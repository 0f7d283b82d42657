import { beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '@/store/inspections'
import type { TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'

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

function found(...findings: Finding[]): void {
  test.store.inspections.latest.value = {
    state: 'done',
    message: '',
    revision: 1,
    current: 1,
    result: { findings, left_out: {}, rules: [], tracks: 1, shapes: 2, compared_every: 1, seconds: 0 },
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
