import { beforeEach, describe, expect, it } from 'vitest'
import type { Proposal } from '@/store/joins'
import type { BoxPx, TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor
let one: TrackId
let other: TrackId
let third: TrackId

const at = (x: number): BoxPx => [x, 0, x + 10, 10]

function proposed(...proposals: Partial<Proposal>[]): void {
  test.store.joins.latest.value = {
    state: 'done',
    progress: 1,
    message: '',
    revision: 1,
    current: 1,
    outdated: 0,
    dismissed: [],
    result: {
      proposals: proposals.map((fields, index) => ({
        key: `${index}`,
        kind: 'join',
        tracks: [one, other],
        frame: 10,
        gap: 9,
        sure: 0.8 - index / 10,
        why: [],
        pictures: [],
        ...fields,
      })),
      left_out: 0,
      tracks: 3,
      frame_tags: 0,
      compared_every: 1,
      frames_wanted: 0,
      frames_seen: 0,
      problem: '',
    },
  }
  test.editor.joins.isOpen.value = true
}

const along = (track: TrackId, frames: readonly number[]) => frames.map((frame) => test.box(track, frame)?.[0] ?? null)
const keys = () => test.editor.joins.list.map(({ key }) => key)

beforeEach(async () => {
  test = await TestEditor.open()
  one = test.given({ 0: at(0), 10: at(10) })
  other = test.given({ 20: at(30), 30: at(40) })
  third = test.given({ 40: at(50), 50: at(60) })
})

describe('proposed joins', () => {
  it('are walked through: both tracks are selected where the first one ends', () => {
    proposed({}, { tracks: [other, third], frame: 30 })
    test.press('F8')
    expect([test.session.frame.value, ...test.selection]).toEqual([10, one, other])
    test.press('F8').press('F8')
    expect([test.session.frame.value, ...test.selection]).toEqual([30, other, third])
    test.editor.joins.look('after')
    expect(test.session.frame.value).toBe(40)
  })

  it('fill the gap by interpolating, in one step of undo that proposes it again', () => {
    proposed({})
    test.press('F8')
    test.editor.joins.accept()
    expect(test.tracks).toEqual([one, third])
    expect(along(one, [5, 10, 15, 20, 30, 31])).toEqual([5, 10, 20, 30, 40, null])
    expect(keys()).toEqual([])
    test.press('Ctrl+Z')
    expect(test.tracks).toEqual([one, other, third])
    expect(along(one, [10, 15])).toEqual([10, null])
    expect(keys()).toEqual(['0'])
  })

  it('leave the gap where that is chosen', () => {
    proposed({})
    test.editor.joins.fills.value = false
    test.press('F8')
    test.editor.joins.accept()
    expect(along(one, [10, 15, 20])).toEqual([10, null, 30])
  })

  it('keep the gaps that a track had itself', () => {
    test.session.select(one)
    test.session.frame.value = 5
    test.press('O')
    proposed({})
    test.press('F8')
    test.editor.joins.accept()
    expect(along(one, [4, 7, 15])).toEqual([4, null, 20])
  })

  it('go on with what others were joined into', () => {
    proposed({}, { tracks: [other, third], frame: 30 })
    test.press('F8')
    test.editor.joins.accept()
    expect(test.editor.joins.proposal?.tracks).toEqual([one, third])
    test.editor.joins.accept()
    expect(test.tracks).toEqual([one])
    expect(along(one, [0, 15, 35, 50])).toEqual([0, 20, 45, 60])
  })

  it('swap two tracks from a frame on', () => {
    proposed({ kind: 'swap', tracks: [one, other], frame: 8, gap: 0 })
    test.press('F8')
    test.editor.joins.accept()
    expect([along(one, [5, 25]), along(other, [5, 9])]).toEqual([
      [5, 35],
      [null, 9],
    ])
  })

  it('go when one of their tracks is changed, and come back when that is taken back', () => {
    proposed({}, { tracks: [one, third] })
    test.session.select(other)
    test.session.frame.value = 25
    test.press('K')
    expect([keys(), test.store.joins.outdated.value]).toEqual([['1'], 1])
    test.press('Ctrl+Z')
    expect(keys()).toEqual(['0', '1'])
    test.press('Ctrl+Y')
    expect(keys()).toEqual(['1'])
  })

  it('change nothing that is locked, and say so', () => {
    test.store.transact('Lock', (tx) => tx.updateTrack(other, { locked: true }))
    proposed({})
    test.press('F8')
    test.editor.joins.accept()
    expect(test.tracks).toEqual([one, other, third])
    expect(test.session.notice.value?.message).toContain('locked')
  })

  it('of two labels are left to the person', () => {
    const car = test.given({ 20: at(30) }, 2)
    proposed({ tracks: [one, car] })
    test.press('F8')
    test.editor.joins.accept()
    expect(test.tracks).toContain(car)
    expect(test.session.notice.value?.message).toContain('different labels')
  })

  it('are dismissed, and can be proposed again', async () => {
    proposed({}, { tracks: [other, third], frame: 30 })
    test.press('F8')
    test.editor.joins.dismiss()
    expect([keys(), test.store.joins.latest.value?.dismissed.length]).toEqual([['1'], 1])
    await test.editor.joins.restore()
    expect(keys()).toEqual(['0', '1'])
  })
})
