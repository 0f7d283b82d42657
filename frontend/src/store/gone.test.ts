import { beforeEach, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'

const WORDS = '“street.mp4” was deleted by Ann.'
let test: TestEditor

const gone = () => test.store.receive({ type: 'gone', what: 'deleted', message: WORDS })

beforeEach(async () => {
  test = await TestEditor.open()
})

it('nothing is called saved or offline any more, and what was not saved can be taken along', () => {
  test.press('N').drag([10, 10], [60, 50])
  gone()
  test.store.disconnected()
  expect(test.session.saved.value).toEqual({ kind: 'gone', unsent: 1 })
  const kept = test.store.unsent() as { why: string; edits: { operations: { op: string }[] }[] }
  expect(kept.why).toBe(WORDS)
  expect(kept.edits.flatMap(({ operations }) => operations.map(({ op }) => op))).toEqual([
    'track.create',
    'shapes.replace',
  ])
})

it('nothing can be drawn, undone or redone, and who tries is told why', () => {
  test.press('N').drag([10, 10], [60, 50])
  gone()
  expect(test.editor.mayDraw()).toBe(false)
  expect(test.session.notice.value).toMatchObject({ tone: 'info', message: WORDS })
  expect([test.store.undo(), test.store.redo()]).toEqual([null, null])
  test.store.transact('Draw', (tx) => tx.updateTrack(test.tracks[0]!, { locked: true }))
  expect([test.store.records.track(test.tracks[0]!)?.locked, test.store.unsentCount.value]).toEqual([false, 1])
})

it('runs end with the reason', () => {
  test.bench.run({ id: 'r', state: 'running' })
  gone()
  expect(test.store.runs.active()).toEqual([])
  expect([...test.store.runs.all.value.values()].map(({ state, message }) => [state, message])).toEqual([
    ['stopped', WORDS],
  ])
})

it('nothing is fetched any more, and what fails because of it says nothing', async () => {
  gone()
  const before = test.bench.rest.asked.length
  test.store.loader.want(900)
  await test.store.overview.refresh(Number.MAX_VALUE)
  expect(test.bench.rest.asked.length).toBe(before)
  test.session.tell('Frame 3 could not be loaded: the server answered 404.', 'error')
  expect(test.session.notice.value).toBeNull()
})
