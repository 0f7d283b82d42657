import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
  test.press('N')
})

describe('drawing a box', () => {
  it('makes one track with a keyframe here, of the chosen label, selected', () => {
    test.press('2').drag([100, 100], [200, 180])
    const [track] = test.tracks
    expect(test.box(track!)).toEqual([100, 100, 200, 180])
    expect(test.row(track!)).toMatchObject({ frame: 0, keyframe: true })
    expect(test.store.records.track(track!)?.label).toBe(2)
    expect(test.selection).toEqual([track])
    expect(test.sent('edit')).toHaveLength(1)
  })

  it('goes back to selecting, so that the box can be adjusted at once', () => {
    test.drag([100, 100], [200, 180])
    expect(test.state).toBe('select.idle')
    test.drag([200, 180], [220, 190])
    expect(test.box(test.tracks[0]!)).toEqual([100, 100, 220, 190])
  })

  it('works from any corner and stops at the edge of the frame', () => {
    test.drag([600, 300], [700, 200])
    expect(test.box(test.tracks[0]!)).toEqual([600, 200, 640, 300])
  })

  it('is square with Shift and from the middle with Alt', () => {
    test.drag([100, 100], [130, 110], { shift: true })
    expect(test.box(test.tracks[0]!)).toEqual([100, 100, 130, 130])
    test.press('N').drag([300, 200], [310, 220], { alt: true })
    expect(test.box(test.tracks[1]!)).toEqual([290, 180, 310, 220])
  })

  it('shows while it is drawn and sends nothing', () => {
    test.pointerDown(100, 100).pointerMove(200, 180)
    expect(test.state).toBe('box.drawing')
    expect(test.box(test.tracks[0]!)).toEqual([100, 100, 200, 180])
    expect(test.sent('edit')).toHaveLength(0)
  })

  it('leaves nothing behind when it is cancelled, or only a slip of the hand', () => {
    test.pointerDown(100, 100).pointerMove(200, 180).press('Escape')
    test.drag([100, 100], [101, 101])
    expect(test.tracks).toEqual([])
    expect(test.sent('edit')).toHaveLength(0)
  })

  it('is one step of undo', () => {
    test.drag([100, 100], [200, 180]).press('Ctrl+Z')
    expect(test.tracks).toEqual([])
    test.press('Ctrl+Shift+Z')
    expect(test.box(test.tracks[0]!)).toEqual([100, 100, 200, 180])
  })

  it('lies on the frame where it was begun', () => {
    test.session.frame.value = 7
    test.pointerDown(100, 100).pointerMove(150, 150)
    test.session.frame.value = 8
    test.pointerMove(200, 180).pointerUp(200, 180)
    expect(test.row(test.tracks[0]!, 7)?.keyframe).toBe(true)
    expect(test.row(test.tracks[0]!, 8)).toBeNull()
  })
})

describe('the box tool', () => {
  it('is left by Escape', () => {
    test.press('Escape')
    expect(test.session.tool.value).toBe('select')
  })

  it('refuses on frames that are not this person’s, and names theirs', async () => {
    test = await TestEditor.open({ editable_ranges: [[10, 20]] })
    test.press('N').drag([100, 100], [200, 180])
    expect(test.tracks).toEqual([])
    expect(test.session.notice.value?.message).toContain('10–20')
  })
})
