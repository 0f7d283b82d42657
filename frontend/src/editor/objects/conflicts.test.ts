import { beforeEach, describe, expect, it } from 'vitest'
import type { Conflict, RestoreIn } from '@/protocol/generated'
import type { Met } from '@/store/conflicts'
import type { TrackId } from '@/store/types'
import { TestEditor } from '@/testing/test-editor'
import { changeConflict, showConflict, wordsOf } from './conflicts'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [0, 0, 10, 10], 50: [20, 0, 30, 10] })
})

const met = (outcome: Conflict['outcome'], more: Partial<Met> = {}): Met => ({
  id: 'e 0',
  revision: 8,
  mine: true,
  other: 'Bob',
  conflict: { track, ranges: [[50, 50]], fields: [], author: 2, author_name: 'Bob', outcome },
  ...more,
})

describe('a change that met another', () => {
  it('is shown only when asked', () => {
    showConflict(test.editor, met('replaced'))
    expect([test.selection, test.session.frame.value]).toEqual([[track], 50])
  })

  it('brings back what was there before the later edit, only where they met', async () => {
    const sent: RestoreIn[] = []
    test.bench.rest.answer = (_, __, body) => {
      sent.push(body as RestoreIn)
      return { edit: 'r', revision: 9, summary: 'Used', inverse: [] }
    }
    await changeConflict(test.editor, met('replaced'))
    expect(sent[0]).toMatchObject({ revision: 7, tracks: [track], ranges: [[50, 50]], fields: false })
  })

  it('removes what was kept, in one step of undo', async () => {
    await changeConflict(test.editor, met('kept'))
    expect(test.row(track, 50)).toBeNull()
    test.press('Ctrl+Z')
    expect(test.row(track, 50)).not.toBeNull()
  })

  it.each(['buried', 'deleted'] as const)('restores an object that was %s', async (outcome) => {
    test.session.select(track)
    test.press('Ctrl+Shift+Delete').confirm()
    await changeConflict(test.editor, met(outcome))
    expect(test.tracks).toEqual([track])
  })

  it.each([
    [met('replaced'), 'Use theirs', 'Keep mine'],
    [met('replaced', { mine: false }), 'Use mine', 'Keep theirs'],
    [met('kept'), 'Remove it too', 'Keep it'],
    [met('buried'), 'Restore it', 'Leave it deleted'],
    [met('deleted', { mine: false }), 'Restore it', 'Leave it deleted'],
  ])('offers to go either way', (each, change, leave) => {
    const words = wordsOf(each, 'car 3', 'frame 50')
    expect([words.change, words.leave]).toEqual([change, leave])
    expect(`${words.title} ${words.text}`).toContain('Bob')
  })
})
