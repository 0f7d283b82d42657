import { beforeEach, describe, expect, it } from 'vitest'
import type { TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'

describe('the lasso', () => {
  let test: TestEditor
  let left: TrackId
  let right: TrackId
  let far: TrackId

  beforeEach(async () => {
    test = await TestEditor.open()
    left = test.given({ 0: [100, 100, 140, 140] })
    right = test.given({ 0: [160, 100, 200, 140] })
    far = test.given({ 0: [400, 100, 440, 140] })
    test.session.select()
    test.press('A')
  })

  /** Draw along these places. */
  function around(places: readonly (readonly [number, number])[], keys = {}): TrackId[] {
    test.pointerDown(...places[0]!, keys)
    for (const place of places) test.pointerMove(...place, keys)
    test.pointerUp(...places.at(-1)!, keys)
    return test.selection
  }

  const BOTH = [
    [90, 90],
    [210, 90],
    [210, 150],
    [90, 150],
  ] as const
  const LEFT = [
    [90, 90],
    [150, 90],
    [150, 150],
    [90, 150],
  ] as const

  it('selects what lies in the line', () => {
    expect(around(BOTH)).toEqual([left, right])
  })

  it('takes an object whose greater part lies in the line, and no other', () => {
    expect(
      around([
        [90, 90],
        [130, 90],
        [130, 150],
        [90, 150],
      ]),
    ).toEqual([left])
    expect(
      around([
        [90, 90],
        [115, 90],
        [115, 150],
        [90, 150],
      ]),
    ).toEqual([])
  })

  it('adds with Shift and takes out with Alt', () => {
    test.session.select(far)
    expect(around(BOTH, { shift: true })).toEqual([far, left, right])
    expect(around(LEFT, { alt: true })).toEqual([far, right])
  })

  it('leaves hidden objects out', () => {
    test.session.toggleHidden(left)
    expect(around(BOTH)).toEqual([right])
  })

  it('follows a line that turns inward', () => {
    // Around left and far, below right.
    expect(
      around([
        [90, 90],
        [145, 90],
        [145, 200],
        [395, 200],
        [395, 90],
        [445, 90],
        [445, 210],
        [90, 210],
      ]),
    ).toEqual([left, far])
  })

  it('selects the object under a click', () => {
    test.click(180, 120)
    expect(test.selection).toEqual([right])
    test.click(120, 120, { shift: true })
    expect(test.selection).toEqual([right, left])
  })

  it('leaves everything as it was on Escape, and shows its line only while it is drawn', () => {
    test.session.select(far)
    test.pointerDown(90, 90).pointerMove(210, 90).pointerMove(210, 150).pointerMove(90, 150)
    expect([test.state, test.editor.draft.value?.points.length]).toEqual(['lasso.around', 4])
    test.press('Escape')
    expect([test.selection, test.state, test.editor.draft.value]).toEqual([[far], 'lasso.idle', null])
  })
})
