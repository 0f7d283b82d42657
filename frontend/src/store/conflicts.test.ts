import { beforeEach, describe, expect, it } from 'vitest'
import type { Conflict, Operation } from '@/protocol/generated'
import { StoreBench } from '@/testing/fakes'
import { keyframeBox } from './chunks'

const ME = 1
const BOB = 2
let bench: StoreBench
let track: string

const conflict = (more: Partial<Conflict> = {}): Conflict => ({
  track,
  ranges: [[5, 5]],
  fields: [],
  author: BOB,
  author_name: 'Bob',
  outcome: 'replaced',
  ...more,
})
const open = () => bench.store.conflicts.open.value
const turn = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(async () => {
  bench = new StoreBench()
  await bench.store.open()
  bench.connect()
  track = bench.store.transact('Draw', (tx) => {
    const id = tx.createTrack({ label: 1 })
    tx.putRow(id, keyframeBox(0, [0, 0, 10, 10]))
    return id
  })
  bench.acknowledge(bench.sentEdits[0]!)
})

const nudge = () => bench.store.transact('Nudge', (tx) => tx.putRow(track, keyframeBox(5, [1, 0, 11, 10])))

describe('edits', () => {
  it('say what their author had seen', () => {
    bench.announce([])
    nudge()
    expect(bench.sentEdits.at(-1)?.base).toBe(2)
  })

  it('made offline are sent with what was seen before, after a reload too', async () => {
    bench.drop()
    nudge()
    const next = new StoreBench(bench.edits)
    await next.store.open()
    next.connect(9)
    expect(next.sentEdits.at(-1)?.base).toBe(1)
  })
})

describe('where one’s edit met somebody else’s', () => {
  it('is told to both, and to nobody else', () => {
    bench.announce([], { author: ME, conflicts: [conflict()] })
    bench.announce([], { author: BOB, author_name: 'Bob', conflicts: [conflict({ author: ME })] })
    bench.announce([], { author: BOB, conflicts: [conflict({ author: 3 })] })
    expect(open().map(({ mine, other }) => [mine, other])).toEqual([
      [true, 'Bob'],
      [false, 'Bob'],
    ])
  })

  it('is no news for whose keyframes were kept', () => {
    bench.announce([], { author: BOB, conflicts: [conflict({ author: ME, outcome: 'kept' })] })
    expect(open()).toEqual([])
  })

  it('is told once, and again by nobody who was away', async () => {
    bench.announce([], { author: ME, edit: 'e', conflicts: [conflict()] })
    const met = { revision: 2, edit: 'e', author: ME, author_name: 'Alice', conflicts: [conflict()] }
    bench.rest.answer = () => ({ met: [met, { ...met, edit: 'f' }] })
    await bench.store.conflicts.catchUp(0)
    expect(open().map(({ id }) => id)).toEqual(['e 0', 'f 0'])
  })

  it('is looked up after a spell without a connection', async () => {
    const asked: string[] = []
    bench.rest.answer = (_, address) => {
      asked.push(address)
      return { met: [], events: [] }
    }
    bench.drop()
    bench.connect(7)
    await turn()
    expect(asked).toContain('/api/layers/1/conflicts?since=1')
  })

  it('lets the shapes be fetched, because the edit was done otherwise than it was sent', async () => {
    nudge()
    const before = bench.rest.windows
    bench.announce(bench.sentEdits.at(-1)!.operations, {
      edit: bench.sentEdits.at(-1)!.id,
      author: ME,
      conflicts: [conflict({ outcome: 'kept' })],
    })
    await turn()
    expect(bench.rest.windows).toBeGreaterThan(before)
  })

  it('teaches undo what really takes the edit back', async () => {
    nudge()
    const sent = bench.sentEdits.at(-1)!
    const inverse: Operation[] = [
      {
        op: 'shapes.replace',
        track,
        ranges: [
          [5, 5],
          [7, 9],
        ],
        tables: [],
      },
    ]
    bench.rest.events = [{ edit: sent.id, inverse }]
    bench.announce(sent.operations, { edit: sent.id, author: ME, conflicts: [conflict({ outcome: 'kept' })] })
    await turn()
    bench.store.undo()
    expect(bench.sentEdits.at(-1)).toMatchObject({ undoes: sent.id, operations: inverse })
  })

  it('is done with once it was answered', () => {
    bench.announce([], { author: ME, conflicts: [conflict()] })
    bench.store.conflicts.dismiss(open()[0]!.id)
    expect(open()).toEqual([])
  })
})
