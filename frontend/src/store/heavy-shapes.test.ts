import { beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreBench, windowBody } from '@/testing/fakes'
import { keyframeBox, makeRow, pack } from './chunks'
import type { FrameNumber, Row } from './types'

const TRACK = '00000000-0000-4000-8000-00000000000a'
const MIB = 2 ** 20
const ONCE = 16
/** Frames that a server answers at once when each holds a mask of a MiB. */
const MASK = 6

const mask = (frame: FrameNumber): Row => makeRow(frame, MASK, 1, 65535, [0, 0, 9, 9], new Uint8Array(MIB))

let bench: StoreBench
let asked: { first: number; last: number; at: number }[]

/** Let everything that was asked for arrive, as long as that takes on a busy machine. */
const settled = () =>
  vi.waitFor(
    async () => {
      const before = asked.length
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(asked.length).toBe(before)
    },
    { timeout: 15_000 },
  )

beforeEach(async () => {
  bench = new StoreBench()
  asked = []
  bench.rest.body = (address) => {
    const query = new URLSearchParams(address.split('?')[1])
    const [first, last] = [Number(query.get('first')), Number(query.get('last'))]
    const at = Number(query.get('at') ?? first)
    asked.push({ first, last, at })
    const begin = Math.max(first, Math.min(at - ONCE / 2, last - ONCE + 1))
    const end = Math.min(last, begin + ONCE - 1)
    const tables = Array.from({ length: end - begin + 1 }, (_, index) => {
      const frame = begin + index
      return { frame, table: pack(frame - (frame % 256), [mask(frame)]) }
    })
    const chunks = tables.map(({ frame, table }) => ({ track: TRACK, bytes: table.length, first: frame, last: frame }))
    const tracks = query.has('tracks') ? [] : null
    return windowBody(
      { revision: 0, first: begin, last: end, tracks, chunks },
      tables.map(({ table }) => table),
    )
  }
  await bench.store.open()
  bench.connect()
  bench.announce([{ op: 'track.create', track: TRACK, fields: { label: 1 } }])
  await settled()
})

const held = () => bench.store.records.changes.bytes / MIB

/** Go somewhere, one frame after the other if `by` says so. */
async function goTo(frame: FrameNumber): Promise<void> {
  bench.store.loader.want(frame)
  await settled()
}

describe('heavy shapes', () => {
  it('are fetched around the frame that is looked at, before what lies around it', async () => {
    asked = []
    await goTo(600)
    expect(asked[0]).toEqual({ first: 512, last: 767, at: 600 })
    expect(bench.store.queries.rowAt(TRACK, 600)).not.toBeNull()
    expect(bench.store.loader.covers(600)).toBe(true)
  })

  it('are fetched no further than is soon wanted', async () => {
    asked = []
    await goTo(600)
    const [stretch] = bench.store.loader.covered.filter(([first, last]) => first <= 600 && last >= 600)
    expect(stretch![1]).toBeGreaterThanOrEqual(600 + 31)
    expect(stretch![1]).toBeLessThan(600 + 32 + ONCE)
    expect(stretch![0]).toBeLessThanOrEqual(600 - 15)
    expect(stretch![0]).toBeGreaterThan(600 - 16 - ONCE)
  })

  it('are there on every frame that is gone through, and stay within their room', async () => {
    for (let frame = 0; frame < 400; frame += 10) {
      await goTo(frame)
      expect(bench.store.loader.covers(frame)).toBe(true)
      expect(bench.store.queries.rowAt(TRACK, frame)?.payload.byteLength).toBe(MIB)
      expect(held()).toBeLessThanOrEqual(192)
    }
    expect(bench.store.loader.covers(0)).toBe(false)
    expect(bench.store.queries.rowAt(TRACK, 0)).toBeNull()
  })

  it('are fetched again on return', async () => {
    for (let frame = 0; frame < 400; frame += 10) await goTo(frame)
    await goTo(5)
    expect(bench.store.queries.rowAt(TRACK, 5)).not.toBeNull()
  })

  it('are fetched once while nothing else is looked at', async () => {
    for (let frame = 0; frame < 400; frame += 10) await goTo(frame)
    asked = []
    for (let times = 0; times < 5; times++) await goTo(390)
    expect(asked).toEqual([])
  })

  it('that a run finds far away go too, those near the playhead stay', async () => {
    await goTo(0)
    for (let frame = 100; frame < 400; frame++)
      bench.store.records.rows(TRACK).put({ ...mask(frame), keyframe: false, predicted: true })
    await goTo(0)
    bench.store.loader.want(500)
    await settled()
    expect(held()).toBeLessThanOrEqual(192)
    expect(bench.store.loader.covers(500)).toBe(true)
  })

  it('stay where they are unsaved or were just changed', async () => {
    await goTo(0)
    bench.store.disconnected()
    bench.store.transact('Draw', (tx) => tx.putRow(TRACK, keyframeBox(3, [0, 0, 9, 9])))
    for (let frame = 10; frame < 400; frame += 10) await goTo(frame)
    expect(bench.store.loader.covers(3)).toBe(false)
    expect(bench.store.queries.rowAt(TRACK, 3)).not.toBeNull()
    expect(bench.store.queries.rowAt(TRACK, 8)).toBeNull()
  })

  it('of one track that a change needs all come and stay for it', async () => {
    expect(await bench.store.ensure([TRACK], 0, 300)).toBe(true)
    expect(bench.store.loader.holds([TRACK], 0, 300)).toBe(true)
    expect([...bench.store.records.rows(TRACK).within(0, 300)]).toHaveLength(301)
  })

  it('are not fetched for the timeline alone', async () => {
    await goTo(600)
    expect(bench.store.loader.fill(0)).toBe(false)
  })
})
