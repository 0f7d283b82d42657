import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { beside } from './rights'
import type { EditorConfig } from './types'

let test: TestEditor

const allow = (ranges: [number, number][], can_manage = false) =>
  test.store.receive({ type: 'rights', ranges, can_manage, can_review: can_manage, can_settle: true, why: '' })

beforeEach(async () => {
  test = await TestEditor.open()
})

describe('rights that change while the page is open', () => {
  it('end editing, and say so', () => {
    allow([])
    expect(test.editor.config.can_edit).toBe(false)
    expect(test.session.notice.value).toMatchObject({
      tone: 'error',
      message: expect.stringContaining('no longer edit') as string,
    })
    expect(test.editor.mayDraw()).toBe(false)
  })

  it('begin it', () => {
    allow([])
    allow([[0, 99]], true)
    expect([test.editor.config.can_manage, test.editor.mayDraw()]).toEqual([true, true])
    expect(test.session.notice.value?.message).toContain('0–99')
  })

  it('move the frames that may be edited', () => {
    allow([[100, 199]])
    expect(test.editor.mayDraw()).toBe(false)
    test.editor.goTo(150)
    expect(test.editor.mayDraw()).toBe(true)
  })

  it('are learnt when the connection is back, and told only when they changed', () => {
    test.bench.drop()
    test.bench.connect()
    expect(test.session.notice.value).toBeNull()
  })
})

describe('an open job', () => {
  const job = { id: 7, first: 40, last: 79 } as unknown as NonNullable<EditorConfig['job']>

  beforeEach(() => test.store.receive(test.bench.surroundings({ job })))

  it('is all that may be changed, even by who may change more', () => {
    allow([[0, 99]])
    expect(test.editor.config.editable_ranges).toEqual([[40, 79]])
    allow([
      [0, 50],
      [60, 99],
    ])
    expect(test.editor.config.editable_ranges).toEqual([
      [40, 50],
      [60, 79],
    ])
  })

  it('refuses drawing beside it, and says so', () => {
    allow([[0, 99]])
    test.editor.goTo(50)
    expect(test.editor.mayDraw()).toBe(true)
    test.editor.goTo(10)
    expect(test.editor.mayDraw()).toBe(false)
    expect(test.session.notice.value?.message).toBe('The open job covers frames 40–79; frame 10 lies outside of it.')
  })

  it('of somebody else stays as it is', () => {
    allow([[0, 39]])
    test.editor.goTo(50)
    expect(test.editor.mayDraw()).toBe(false)
    expect(test.session.notice.value?.message).toBe('The frames of this job are not yours to change.')
  })
})

describe('the frames beside ranges', () => {
  it('are what a veil lies over', () => {
    expect(beside([[40, 79]], 100)).toEqual([
      [0, 39],
      [80, 99],
    ])
    expect(beside([[0, 99]], 100)).toEqual([])
    expect(beside([], 100)).toEqual([[0, 99]])
    expect(
      beside(
        [
          [0, 9],
          [20, 99],
        ],
        100,
      ),
    ).toEqual([[10, 19]])
  })
})
