import { describe, expect, it } from 'vitest'
import { StoreBench } from '@/testing/fakes'
import { Flag, keyframeBox, makeRow, pack } from './chunks'
import type { BoxPx, TrackId } from './types'

const BOX: BoxPx = [10, 10, 20, 20]
const LATER: BoxPx = [30, 30, 40, 40]

function draw(bench: StoreBench, frame = 0, box: BoxPx = BOX): TrackId {
  return bench.store.transact('Draw box', (tx) => {
    const track = tx.createTrack({ label: 1 })
    tx.putRow(track, keyframeBox(frame, box))
    return track
  })
}

const boundsAt = (bench: StoreBench, track: TrackId, frame: number) => bench.store.queries.shapeAt(track, frame)?.bounds

function predict(
  bench: StoreBench,
  track: TrackId,
  frames: number[],
  epoch = 0,
  box: BoxPx = LATER,
  run = 'run',
): void {
  const rows = frames.map((frame) => makeRow(frame, 0, Flag.predicted, 65535, box))
  const table = pack(0, rows)
  bench.store.receivePredictions({
    header: { type: 'predictions', run, sequence: 1, tables: [{ track, epoch, bytes: table.length }], missed: [] },
    tables: [table],
  })
}

async function opened(bench = new StoreBench()): Promise<StoreBench> {
  await bench.store.open()
  bench.connect()
  return bench
}

describe('an edit', () => {
  it('shows at once and is sent', async () => {
    const bench = await opened()
    const track = draw(bench)
    expect(boundsAt(bench, track, 0)).toEqual(BOX)
    expect(bench.sentEdits).toHaveLength(1)
    expect(bench.store.session.saved.value).toEqual({ kind: 'saving', unsent: 1 })
  })

  it('is saved when the server tells of it, and its track gets the number', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.acknowledge(bench.sentEdits[0]!, { [track]: 7 })
    expect(bench.store.session.saved.value).toEqual({ kind: 'saved', unsent: 0 })
    expect(bench.store.records.track(track)?.number).toBe(7)
  })

  it('made since is not undone by the echo of an earlier one', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.transact('Move', (tx) => tx.putRow(track, keyframeBox(0, LATER)))
    bench.acknowledge(bench.sentEdits[0]!)
    expect(boundsAt(bench, track, 0)).toEqual(LATER)
  })

  it('stays on top of what somebody else did to the same shape meanwhile', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.acknowledge(bench.sentEdits[0]!)
    bench.store.transact('Move', (tx) => tx.putRow(track, keyframeBox(0, LATER)))
    bench.announce([{ op: 'track.update', track, fields: { label: 2 } }])
    bench.announce(bench.sentEdits[0]!.operations)
    expect(boundsAt(bench, track, 0)).toEqual(LATER)
    expect(bench.store.records.track(track)?.label).toBe(2)
  })

  it('that is refused is told of, and the server’s state is fetched', async () => {
    const bench = await opened()
    draw(bench)
    const before = bench.rest.windows
    bench.store.receive({ type: 'refused', message: 'This job is accepted.', edit: bench.sentEdits[0]!.id, run: null })
    await new Promise((resolve) => setTimeout(resolve))
    expect(bench.rest.windows).toBeGreaterThan(before)
    expect(bench.store.session.notice.value?.message).toBe('This job is accepted.')
    expect(bench.store.history.canUndo.value).toBeNull()
    expect(bench.store.session.saved.value.unsent).toBe(0)
  })
})

describe('a spell without connection', () => {
  it('loses nothing: everything is sent, in order, when it ends', async () => {
    const bench = await opened()
    bench.drop()
    const track = draw(bench)
    for (let step = 1; step <= 60; step++)
      bench.store.transact('Move', (tx) => tx.putRow(track, keyframeBox(step, BOX)))
    expect(bench.store.session.saved.value).toEqual({ kind: 'offline', unsent: 61 })
    bench.connect()
    expect(bench.sentEdits.map((edit) => edit.summary)).toEqual(['Draw box', ...Array<string>(60).fill('Move')])
  })

  it('is survived by a reload', async () => {
    const first = await opened()
    first.drop()
    const track = draw(first)
    const second = await opened(new StoreBench(first.edits))
    expect(boundsAt(second, track, 0)).toEqual(BOX)
    expect(second.sentEdits.length).toBeGreaterThan(0)
    second.acknowledge(second.sentEdits[0]!)
    expect(second.edits.kept.size).toBe(0)
  })
})

describe('undo', () => {
  it('takes back the last edit and says where', async () => {
    const bench = await opened()
    const track = draw(bench, 5)
    bench.store.transact('Move box', (tx) => tx.putRow(track, keyframeBox(9, LATER)))
    expect(bench.store.undo()).toEqual({ summary: 'Move box', frame: 9, tracks: [track] })
    expect(boundsAt(bench, track, 9)).toBeUndefined()
    expect(bench.sentEdits.at(-1)?.undoes).toBe(bench.sentEdits[1]?.id)
  })

  it('and redo are each other’s opposite', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.undo()
    expect(boundsAt(bench, track, 0)).toBeUndefined()
    bench.store.redo()
    expect(boundsAt(bench, track, 0)).toEqual(BOX)
    bench.store.undo()
    expect(boundsAt(bench, track, 0)).toBeUndefined()
    expect(bench.store.history.canRedo.value).toBe('Draw box')
  })

  it('never takes back what a tracker or somebody else did', async () => {
    const bench = await opened()
    const track = draw(bench)
    predict(bench, track, [1, 2])
    bench.announce([{ op: 'track.update', track, fields: { label: 2 } }])
    bench.store.undo()
    expect(bench.store.history.canUndo.value).toBeNull()
    expect(bench.store.records.track(track)?.label).toBe(2)
  })

  it('works after a reload with what the server remembers', async () => {
    const bench = new StoreBench()
    const event = (edit: string, undoes: string | null) => ({
      revision: 1,
      kind: 'edit',
      edit,
      undoes,
      author: 1,
      author_name: '',
      summary: edit,
      at: '',
      run: null,
      inverse: [],
    })
    // Newest first: "b" was undone by "c".
    bench.rest.events = [event('c', 'b'), event('b', null), event('a', null)]
    await opened(bench)
    await new Promise((resolve) => setTimeout(resolve))
    expect([bench.store.history.canUndo.value, bench.store.history.canRedo.value]).toEqual(['a', 'c'])
  })

  it('treats a gesture of many steps as one edit', async () => {
    const bench = await opened()
    const track = draw(bench)
    const gesture = bench.store.beginGesture('Move box')
    for (let step = 1; step <= 5; step++)
      gesture.update((tx) => tx.putRow(track, keyframeBox(0, [step, 0, step + 5, 5])))
    expect(bench.sentEdits).toHaveLength(1)
    gesture.commit()
    expect(bench.sentEdits).toHaveLength(2)
    bench.store.undo()
    expect(boundsAt(bench, track, 0)).toEqual(BOX)
  })

  it('has nothing to do after a gesture that was cancelled', async () => {
    const bench = await opened()
    const track = draw(bench)
    const gesture = bench.store.beginGesture('Move box')
    gesture.update((tx) => tx.putRow(track, keyframeBox(0, LATER)))
    gesture.cancel()
    expect(boundsAt(bench, track, 0)).toEqual(BOX)
    expect(bench.store.history.canUndo.value).toBe('Draw box')
  })
})

describe('predictions', () => {
  it('fill frames but never a keyframe', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.transact('Set', (tx) => tx.putRow(track, keyframeBox(2, BOX)))
    predict(bench, track, [1, 2, 3])
    expect([1, 2, 3].map((frame) => bench.store.queries.shapeAt(track, frame)?.origin)).toEqual([
      'predicted',
      'keyframe',
      'predicted',
    ])
  })

  it('of an earlier epoch are stale', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.receive({ type: 'cleared', run: 'run', track, epoch: 1, ranges: [[1, 99]] })
    predict(bench, track, [1], 0)
    expect(boundsAt(bench, track, 1)).toBeUndefined()
    predict(bench, track, [1], 1)
    expect(boundsAt(bench, track, 1)).toEqual(LATER)
  })

  it('that are not stored yet survive a window that does not have them', async () => {
    const bench = await opened()
    const track = draw(bench)
    predict(bench, track, [1])
    await bench.store.loader.refetch(false)
    expect(boundsAt(bench, track, 1)).toEqual(LATER)
  })

  it('are acknowledged, for the server’s flow control', async () => {
    const bench = await opened()
    predict(bench, draw(bench), [1])
    expect(bench.sent.at(-1)).toEqual({ type: 'received', sequence: 1 })
  })

  it('that were missed are fetched once they are stored', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.receivePredictions({
      header: { type: 'predictions', run: null, sequence: 1, tables: [], missed: [[track, 3, 9]] },
      tables: [],
    })
    const before = bench.rest.windows
    bench.announce([], { kind: 'predictions', touched: [[track, 0, 20]] })
    await new Promise((resolve) => setTimeout(resolve))
    expect(bench.rest.windows).toBeGreaterThan(before)
  })

  it('that were missed are fetched at once if they have been stored meanwhile', async () => {
    const bench = await opened()
    const track = draw(bench)
    predict(
      bench,
      track,
      [...Array(20).keys()].map((frame) => frame + 1),
    )
    bench.announce([], { kind: 'predictions', touched: [[track, 0, 20]] })
    await new Promise((resolve) => setTimeout(resolve))
    const before = bench.rest.windows
    bench.store.receivePredictions({
      header: { type: 'predictions', run: null, sequence: 1, tables: [], missed: [[track, 3, 9]] },
      tables: [],
    })
    await new Promise((resolve) => setTimeout(resolve))
    expect(bench.rest.windows).toBeGreaterThan(before)
  })
})

describe('predictions that were stored', () => {
  const stored = async (shown: readonly number[], touched: number) => {
    const bench = await opened()
    const track = draw(bench)
    predict(bench, track, [...shown])
    const before = bench.rest.windows
    bench.announce([], { kind: 'predictions', touched: [[track, 1, touched]] })
    await new Promise((resolve) => setTimeout(resolve))
    return bench.rest.windows - before
  }

  it('are not fetched while they came live', async () => {
    expect(await stored([1, 2, 3], 3)).toBe(0)
  })

  it('are fetched where they went out before this page was connected', async () => {
    expect(await stored([1, 3], 3)).toBeGreaterThan(0)
  })
})

describe('a gap in revisions', () => {
  it('leads to fetching what is shown', async () => {
    const bench = await opened()
    const before = bench.rest.windows
    bench.revision += 3
    bench.announce([])
    await new Promise((resolve) => setTimeout(resolve))
    expect(bench.rest.windows).toBeGreaterThan(before)
  })
})

describe('what a track shows', () => {
  it('is interpolated between its rows and nothing beyond them', async () => {
    const bench = await opened()
    const track = draw(bench, 10)
    bench.store.transact('Set', (tx) => tx.putRow(track, keyframeBox(20, LATER)))
    expect([9, 15, 21].map((frame) => boundsAt(bench, track, frame))).toEqual([undefined, [20, 20, 30, 30], undefined])
    expect(bench.store.queries.ghostAt(track, 30)?.bounds).toEqual(LATER)
  })

  it('is interpolated across windows', async () => {
    const bench = await opened()
    const track = draw(bench, 0)
    bench.store.transact('Set', (tx) => tx.putRow(track, keyframeBox(800, LATER)))
    expect(boundsAt(bench, track, 400)).toEqual([20, 20, 30, 30])
    expect(bench.store.queries.spans(track, 0, 999)).toEqual([
      { first: 0, last: 0, kind: 'keyframe' },
      { first: 1, last: 799, kind: 'interpolated' },
      { first: 800, last: 800, kind: 'keyframe' },
    ])
  })

  it('has a gap from an outside row to the next one', async () => {
    const bench = await opened()
    const track = draw(bench, 0)
    bench.store.transact('Set', (tx) =>
      tx.putRows(track, [keyframeBox(5, BOX, { outside: true }), keyframeBox(9, BOX)]),
    )
    expect([4, 5, 8, 9].map((frame) => boundsAt(bench, track, frame) !== undefined)).toEqual([true, false, false, true])
  })

  it('is found from keyframe to keyframe', async () => {
    const bench = await opened()
    const track = draw(bench, 3)
    bench.store.transact('Set', (tx) => tx.putRow(track, keyframeBox(300, BOX)))
    predict(bench, track, [100])
    const { queries } = bench.store
    expect([
      queries.nextKeyframe([track], 3),
      queries.previousKeyframe([track], 300),
      queries.nextKeyframe([track], 300),
    ]).toEqual([300, 3, null])
  })
})

describe('a change of many tracks', () => {
  it('is told once, and costs no more for each when there are many', async () => {
    const bench = await opened()
    const told: number[] = []
    bench.store.records.tracks.subscribe((tracks) => told.push(tracks.size))
    const ids = bench.store.transact('Many', (tx) => Array.from({ length: 3000 }, () => tx.createTrack({ label: 1 })))
    bench.store.transact('Relabel', (tx) => ids.forEach((id) => tx.updateTrack(id, { label: 2 })))
    expect(told).toEqual([0, 3000, 3000])
    expect(ids.map((id) => bench.store.records.track(id)?.label)).toEqual(ids.map(() => 2))
    expect(bench.store.records.track(ids[2999]!)?.number).toBe(-3000)
  })

  it('sees its own steps while it is made', async () => {
    const bench = await opened()
    bench.store.transact('Draw', (tx) => {
      const track = tx.createTrack({ label: 1 })
      expect(bench.store.records.track(track)?.label).toBe(1)
    })
  })
})

describe('a shape that can’t be drawn', () => {
  const far: BoxPx = [-3e38, 0, 3e38, 5]

  it('is neither shown nor sent when it is made here', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.store.transact('Move', (tx) => tx.putRow(track, keyframeBox(0, far)))
    expect(boundsAt(bench, track, 0)).toEqual(BOX)
    expect(bench.sentEdits).toHaveLength(1)
    expect(bench.store.history.canUndo.value).toBe('Draw box')
    expect(bench.store.session.notice.value?.message).toContain('This wasn’t done')
  })

  it('is left out, with words, when it comes from the server', async () => {
    const bench = await opened()
    const track = draw(bench)
    bench.acknowledge(bench.sentEdits[0]!, { [track]: 7 })
    predict(bench, track, [3], 0, far)
    expect(boundsAt(bench, track, 3)).toBeUndefined()
    await new Promise((resolve) => setTimeout(resolve))
    expect(bench.store.session.notice.value?.message).toContain('Track 7 has a shape on frame 3 that can’t be drawn')
  })
})
