import { beforeEach, describe, expect, it } from 'vitest'
import type { ChangeOut } from '@/protocol/generated'
import { FakeRest } from '@/testing/fakes'
import { ChangeLog } from './change-log'
import type { LayerEvent } from './operations'

const asked: string[] = []
let pages: { changes: ChangeOut[]; before: number | null }[]
let log: ChangeLog

const change = (revision: number, more: Partial<ChangeOut> = {}): ChangeOut => ({
  revision,
  since: revision,
  kind: 'edit',
  edit: `e${revision}`,
  undoes: null,
  author: 1,
  author_name: 'Alice',
  summary: 'Move',
  at: '',
  run: null,
  model: '',
  tracks: ['a'],
  track_count: 1,
  first: 0,
  last: 0,
  ...more,
})

const event = (revision: number, more: Partial<LayerEvent> = {}): LayerEvent => ({
  type: 'event',
  revision,
  kind: 'edit',
  edit: `e${revision}`,
  undoes: null,
  author: 1,
  author_name: 'Alice',
  summary: 'Move',
  at: '',
  operations: [
    {
      op: 'shapes.replace',
      track: 'a',
      ranges: [
        [3, 5],
        [9, 9],
      ],
      tables: [],
    },
  ],
  run: null,
  numbers: {},
  touched: [],
  verdicts: [],
  conflicts: [],
  told: true,
  ...more,
})

const revisions = () => log.changes.value.map(({ revision }) => revision)

beforeEach(() => {
  asked.length = 0
  pages = [
    { changes: [change(9), change(8)], before: 8 },
    { changes: [change(7)], before: null },
  ]
  const rest = new FakeRest()
  rest.answer = (_, address) => {
    asked.push(address)
    return address.includes('/authors') ? { authors: [] } : pages.shift()
  }
  log = new ChangeLog(rest, 1, () => null)
})

describe('the log of changes', () => {
  it('comes in pages until there is no more', async () => {
    await log.open()
    await log.more()
    await log.more()
    expect([revisions(), log.state.value]).toEqual([[9, 8, 7], 'complete'])
    expect(asked.filter((path) => path.includes('changes'))).toEqual([
      '/api/layers/1/changes',
      '/api/layers/1/changes?before=8',
    ])
  })

  it('goes on with what happens, each change once', async () => {
    const opening = log.open()
    log.note(event(9))
    log.note(event(10))
    await opening
    log.note(event(11))
    expect(revisions()).toEqual([11, 10, 9, 8])
    expect(log.changes.value[0]).toMatchObject({ tracks: ['a'], first: 3, last: 9 })
  })

  it('leaves out what the filter does not let through', async () => {
    await log.open({ track: 'b', author: 2 })
    log.note(event(10))
    log.note(event(11, { author: 2, operations: [{ op: 'track.update', track: 'b', fields: {} }] }))
    expect(revisions()).toEqual([11, 9, 8])
    expect(asked[0]).toBe('/api/layers/1/changes?author=2&track=b')
  })

  it('does not grow with every piece that a run stores', async () => {
    await log.open()
    const stored = (revision: number, frame: number) =>
      event(revision, { kind: 'predictions', run: 'r', operations: [], touched: [['a', frame, frame + 4]] })
    for (let step = 0; step < 50; step++) log.note(stored(10 + step, 5 * step))
    expect(revisions()).toEqual([59, 9, 8])
    expect(log.changes.value[0]).toMatchObject({ since: 10, first: 0, last: 249 })
  })

  it('says when it can’t be read', async () => {
    pages = []
    await log.open()
    expect(log.state.value).toBe('failed')
  })
})
