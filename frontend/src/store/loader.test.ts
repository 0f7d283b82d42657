import { describe, expect, it, vi } from 'vitest'
import { StoreBench, windowBody } from '@/testing/fakes'
import { keyframeBox, pack } from './chunks'
import { TrackRows } from './track-rows'
import type { BoxPx, FrameNumber, TrackId } from './types'

const BOX: BoxPx = [10, 10, 20, 20]
const A = '00000000-0000-4000-8000-00000000000a'
const B = '00000000-0000-4000-8000-00000000000b'

/** A server whose track A has keyframes on 5 and on `far`. */
async function opened(far: FrameNumber): Promise<StoreBench> {
  const bench = new StoreBench()
  bench.rest.body = (path) => {
    const [first, last] = ['first', 'last'].map((name) =>
      Number(new URLSearchParams(path.split('?')[1]).get(name)),
    ) as [number, number]
    const tables = [5, far]
      .filter((frame) => frame >= first && frame <= last)
      .map((frame) => pack(frame - (frame % 256), [keyframeBox(frame, BOX)]))
    return windowBody(
      {
        revision: 0,
        first,
        last,
        tracks: path.includes('tracks=true') ? [] : null,
        chunks: tables.map((table) => ({ track: A, bytes: table.length })),
      },
      tables,
    )
  }
  await bench.store.open()
  bench.connect()
  bench.announce([{ op: 'track.create', track: A, fields: { label: 1 } }])
  return bench
}

const rowAt = (bench: StoreBench, track: TrackId, frame: FrameNumber) => bench.store.queries.rowAt(track, frame)

describe('rows beyond what is loaded', () => {
  it('are here once they are ensured, and are not asked for again', async () => {
    const bench = await opened(900)
    expect(rowAt(bench, A, 900)).toBeNull()
    expect(bench.store.loader.holds([A], 0, 999)).toBe(false)
    expect(await bench.store.ensure([A], 600, 999)).toBe(true)
    expect(rowAt(bench, A, 900)).not.toBeNull()
    expect(bench.rest.asked.at(-1)).toBe(`/api/layers/1/window?first=512&last=999&only=${A}`)
    const asked = bench.rest.asked.length
    await bench.store.ensure([A], 512, 999)
    expect(bench.rest.asked).toHaveLength(asked)
  })

  it('of one track being here says nothing of another', async () => {
    const bench = await opened(900)
    await bench.store.ensure([A], 0, 999)
    expect([bench.store.loader.holds([A], 0, 999), bench.store.loader.holds([A, B], 0, 999)]).toEqual([true, false])
  })

  it('of many tracks are fetched with everything else', async () => {
    const bench = await opened(900)
    await bench.store.ensure([A, ...Array.from({ length: 60 }, (_, index) => `${index}`)], 512, 999)
    expect(bench.rest.asked.at(-1)).toBe('/api/layers/1/window?first=512&last=999')
  })

  it('keep what this person changed there and the server does not know yet', async () => {
    const bench = await opened(900)
    bench.store.transact('Move', (tx) => tx.putRow(A, keyframeBox(900, [0, 0, 5, 5])))
    await bench.store.ensure([A], 0, 999)
    expect(rowAt(bench, A, 900)?.bounds).toEqual([0, 0, 5, 5])
  })

  it('that can’t be fetched are said to be missing', async () => {
    const bench = await opened(900)
    bench.rest.body = () => {
      throw new Error('The server can’t be reached.')
    }
    expect(await bench.store.ensure([A], 0, 999)).toBe(false)
    expect(bench.store.session.notice.value).toMatchObject({
      tone: 'error',
      message: expect.stringContaining('Nothing was changed') as string,
    })
    expect(bench.store.loader.holds([A], 0, 999)).toBe(false)
  })
})

describe('loading a window', () => {
  it('does not pass over events that are still on their way', async () => {
    const bench = await opened(900)
    const answer = bench.rest.body
    bench.rest.body = (address) =>
      address.includes('first=512')
        ? windowBody({ revision: 9, first: 512, last: 767, tracks: null, chunks: [] })
        : answer(address)
    bench.store.loader.want(600)
    await Promise.resolve()
    bench.announce([{ op: 'track.create', track: B, fields: { label: 2 } }])
    expect(bench.store.records.track(B)).not.toBeNull()
  })

  it('ends with a word when the server answers with something else', async () => {
    const bench = await opened(900)
    bench.rest.body = () => windowBody({ revision: 0, first: 0, last: 255, tracks: null, chunks: [] })
    bench.store.loader.want(600)
    await vi.waitFor(() => expect(bench.store.session.notice.value?.message).toContain('other frames'), {
      timeout: 15_000,
    })
  })
})

describe('redo', () => {
  it('does all of it again, also where rows are not loaded any more', async () => {
    const bench = await opened(900)
    await bench.store.ensure([A], 0, 999)
    bench.store.transact('Delete', (tx) => tx.removeRows(A, [[0, 999]]))
    bench.store.undo()
    bench.store.records.rows(A).remove(0, 999)
    bench.store.redo()
    bench.store.undo()
    expect([5, 900].map((frame) => rowAt(bench, A, frame)?.bounds)).toEqual([BOX, BOX])
  })

  it('of a new track brings it back instead of making another', async () => {
    const bench = await opened(900)
    const track = bench.store.transact('Draw', (tx) => tx.createTrack({ label: 1 }))
    bench.store.undo()
    bench.store.redo()
    expect(bench.sentEdits.at(-1)?.operations).toEqual([{ op: 'track.update', track, fields: { deleted: false } }])
  })
})

describe('forgetting windows', () => {
  it('spares those that shapes still shown are interpolated from', () => {
    const rows = new TrackRows()
    for (const frame of [0, 300, 2000]) rows.put(keyframeBox(frame, BOX))
    rows.forget(
      [
        [0, 511],
        [1280, 9999],
      ],
      [[1024, 1279]],
    )
    expect([...rows.within(0, 9999)].map(({ frame }) => frame)).toEqual([300, 2000])
  })
})
