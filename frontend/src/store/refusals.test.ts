import { beforeEach, describe, expect, it } from 'vitest'
import { StoreBench } from '@/testing/fakes'
import { keyframeBox } from './chunks'
import { Refusals } from './refusals'

let bench: StoreBench
let track: string

beforeEach(async () => {
  bench = new StoreBench()
  await bench.store.open()
  bench.connect()
  track = bench.store.transact('Draw', (tx) => {
    const id = tx.createTrack({ label: 1 })
    tx.putRow(id, keyframeBox(0, [0, 0, 10, 10]))
    return id
  })
})

const refuse = (message = 'Not yours.') =>
  bench.store.receive({ type: 'refused', message, edit: bench.sentEdits.at(-1)!.id, run: null })
const kept = () => bench.store.refusals.kept.value

describe('an edit that the server refused', () => {
  it('is kept with the reason, also over a reload', async () => {
    refuse()
    expect(kept()).toMatchObject([{ message: 'Not yours.', edit: { summary: 'Draw' } }])
    const next = new Refusals(bench.refused)
    await next.restore()
    expect(next.kept.value).toHaveLength(1)
  })

  it('is sent again when the person asks, and can be undone then', () => {
    const first = bench.sentEdits.at(-1)!
    refuse()
    bench.store.retryRefused()
    const again = bench.sentEdits.at(-1)!
    expect([again.id === first.id, again.operations, again.base]).toEqual([false, first.operations, first.base])
    expect(bench.store.queries.shapeAt(track, 0)).not.toBeNull()
    expect(bench.store.history.canUndo.value).toBe('Draw')
    expect(kept()).toEqual([])
  })

  it('comes back when it is refused once more', () => {
    refuse()
    bench.store.retryRefused()
    refuse('Still not.')
    expect(kept().map(({ message }) => message)).toEqual(['Still not.'])
  })

  it('is forgotten when it is discarded', () => {
    refuse()
    bench.store.refusals.take()
    expect([kept(), bench.refused.kept.size]).toEqual([[], 0])
  })

  it('is only told when nothing of it would have to be drawn again', () => {
    bench.store.transact('Number', (tx) => tx.updateTrack(track, { number: 3 }))
    refuse()
    expect(kept()).toEqual([])
  })
})
