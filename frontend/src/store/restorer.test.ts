import { expect, it } from 'vitest'
import type { RestoreIn } from '@/protocol/generated'
import { StoreBench } from '@/testing/fakes'

it('bringing back an earlier state can be undone like an edit of one’s own', async () => {
  const bench = new StoreBench()
  await bench.store.open()
  bench.connect()
  const track = 't'
  const inverse = [{ op: 'track.update', track, fields: { deleted: false } }] as const
  bench.rest.answer = (_, __, body) => ({ edit: (body as RestoreIn).edit, revision: 1, summary: 'Back', inverse })
  await bench.store.restorer.restore({ revision: 0, tracks: null }, 'Back')
  expect(bench.store.history.canUndo.value).toBe('Back')
  bench.store.undo()
  expect(bench.sentEdits.at(-1)?.operations).toEqual(inverse)
})

it('one’s own edit that is too large to be told is not', async () => {
  const bench = new StoreBench()
  await bench.store.open()
  bench.connect()
  bench.store.transact('Draw', (tx) => tx.createTrack({ label: 1 }))
  const before = bench.rest.windows
  bench.announce([], { edit: bench.sentEdits[0]!.id, told: false })
  await Promise.resolve()
  expect(bench.rest.windows).toBe(before)
})

it('a restored state that is too large to be told is fetched', async () => {
  const bench = new StoreBench()
  await bench.store.open()
  bench.connect()
  const before = bench.rest.windows
  bench.announce([], { kind: 'restore', told: false })
  await Promise.resolve()
  expect(bench.rest.windows).toBeGreaterThan(before)
})
