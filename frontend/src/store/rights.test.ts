import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

const allow = (ranges: [number, number][], can_manage = false) =>
  test.store.receive({ type: 'rights', ranges, can_manage, why: '' })

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
