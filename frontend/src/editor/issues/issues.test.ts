import { beforeEach, describe, expect, it } from 'vitest'
import type { IssueOut } from '@/protocol/generated'
import { NEW } from '@/store/drafts'
import { TestEditor } from '@/testing/test-editor'
import { placeHere } from './issues'
import { issuesOn, outlineOf, pinsOf } from './pins'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

function given(id: string, more: Partial<IssueOut> = {}): void {
  const issue: IssueOut = {
    id,
    number: 1,
    track: null,
    region: null,
    first: 0,
    last: 0,
    resolved: false,
    resolved_by: '',
    resolved_at: null,
    by: 2,
    by_name: 'Bob',
    by_colour: '#ff0000',
    at: '2026-01-01T00:00:00+00:00',
    latest_at: '2026-01-01T00:00:00+00:00',
    comments: 1,
    excerpt: 'Is it a car?',
    people: [2],
    version: 1,
    ...more,
  }
  test.store.receive({ type: 'issue', id, issue })
}

const drafted = () => test.store.issues.drafts.of(NEW)?.opens?.place
const listed = () => test.editor.issues.listed.value.map(({ id }) => id)
const pins = () => {
  const frame = test.session.frame.value
  return pinsOf(test.editor, issuesOn(test.editor, frame), frame).map(({ issue, at }) => [issue.id, at.x, at.y])
}

describe('a new comment', () => {
  it('is about the frame where nothing is selected', () => {
    test.session.frame.value = 7
    test.press('Alt+C')
    expect(drafted()).toEqual({ first: 7, last: 7, track: null, region: null })
    expect(test.editor.issues.writing.value).toBe(true)
  })

  it('is about the selected object, with where it lies, and about all chosen frames', () => {
    const track = test.given({ 5: [10, 20, 30, 40] })
    test.session.select(track)
    test.session.frame.value = 5
    test.session.range.value = [2, 9]
    test.press('Alt+C')
    expect(drafted()).toEqual({ first: 2, last: 9, track, region: [10, 20, 30, 40] })
  })

  it('is about a region that is drawn, and one that is being written moves there', () => {
    test.session.frame.value = 3
    test.press('Alt+C')
    test.store.issues.drafts.write(NEW, 'What is this?')
    test.session.frame.value = 5
    test.press('Shift+M').drag([100, 100], [200, 150])
    expect(drafted()).toEqual({ first: 3, last: 3, track: null, region: [100, 100, 200, 150] })
    expect(test.store.issues.drafts.of(NEW)?.text).toBe('What is this?')
    expect(test.session.tool.value).toBe('select')
    test.session.frame.value = 3
    expect(outlineOf(test.editor, 3)).toEqual([100, 100, 200, 150])
    expect(test.editor.finding.region.value).toBeNull()
  })

  it('is for every reader, but in an archived project', async () => {
    test = await TestEditor.open({ can_edit: false, editable_ranges: [] })
    test.press('Alt+C')
    expect(test.editor.issues.writing.value).toBe(true)
    test = await TestEditor.open({ archived: true })
    test.press('Alt+C')
    expect(test.editor.issues.writing.value).toBe(false)
    expect(placeHere(test.editor).track).toBeNull()
  })
})

describe('the list', () => {
  it('has what is open, what is resolved, and what concerns its reader, by frames', () => {
    given('a', { first: 9, last: 9 })
    given('b', { number: 2, first: 3, last: 3, people: [1, 2] })
    given('c', { number: 3, resolved: true })
    expect(listed()).toEqual(['b', 'a'])
    test.editor.issues.list.value = 'resolved'
    expect(listed()).toEqual(['c'])
    test.editor.issues.list.value = 'mine'
    expect(listed()).toEqual(['b'])
  })

  it('is walked through by keys, round and round, from the playhead on', () => {
    given('a', { first: 10, last: 20 })
    given('b', { number: 2, first: 30, last: 30 })
    test.session.frame.value = 12
    test.press('Shift+G')
    expect([test.editor.issues.selected.value, test.session.frame.value]).toEqual(['b', 30])
    test.press('Shift+G')
    expect([test.editor.issues.selected.value, test.session.frame.value]).toEqual(['a', 10])
    test.press('Alt+Shift+G')
    expect(test.editor.issues.selected.value).toBe('b')
  })

  it('says so where there is nothing to walk through', () => {
    test.press('Shift+G')
    expect(test.session.notice.value?.message).toBe('There is no open issue.')
  })

  it('shares its place with history and check', () => {
    test.press('F4')
    expect(test.editor.issues.shown.value).toBe(true)
    test.press('Ctrl+H')
    expect(test.editor.issues.shown.value).toBe(false)
    test.press('F4')
    expect([test.editor.issues.shown.value, test.editor.historyOpen.value]).toEqual([true, null])
  })

  it('is read no more once somebody deleted the issue', () => {
    given('a')
    test.editor.issues.visit('a')
    test.store.receive({ type: 'issue', id: 'a', issue: null })
    expect(test.editor.issues.current).toBeNull()
  })
})

describe('pins', () => {
  it('lie at the object, which may move, and where it lay once it is deleted', () => {
    const track = test.given({ 0: [10, 20, 30, 40], 10: [110, 20, 130, 40] })
    given('a', { track, region: [10, 20, 30, 40], last: 10 })
    expect(pins()).toEqual([['a', 30, 20]])
    test.session.frame.value = 10
    expect(pins()).toEqual([['a', 130, 20]])
    test.store.transact('Delete', (tx) => tx.updateTrack(track, { deleted: true }))
    expect(pins()).toEqual([['a', 30, 20]])
    test.press('Ctrl+Z')
    expect(pins()).toEqual([['a', 130, 20]])
  })

  it('lie at the region, else in the corner, and never over each other', () => {
    given('a', { region: [50, 60, 70, 80] })
    given('b', { number: 2 })
    given('c', { number: 3 })
    expect(pins()).toEqual([
      ['a', 70, 60],
      ['b', 10, 10],
      ['c', 32, 10],
    ])
  })

  it('are of open issues on this frame, and of the one that is read', () => {
    given('a', { resolved: true })
    given('b', { number: 2, first: 5, last: 5 })
    expect(pins()).toEqual([])
    test.editor.issues.visit('a')
    expect(pins().map(([id]) => id)).toEqual(['a'])
  })
})

describe('who resolves issues', () => {
  it('are annotators, and a viewer those of their own', () => {
    given('a', { by: 2 })
    given('b', { number: 2, by: 1 })
    const may = () => ['a', 'b'].map((id) => test.editor.issues.maySettle(test.store.issues.all.value.get(id)!))
    expect(may()).toEqual([true, true])
    test.store.receive({ type: 'rights', ranges: [], can_manage: false, can_review: false, can_settle: false, why: '' })
    expect(may()).toEqual([false, true])
  })
})
