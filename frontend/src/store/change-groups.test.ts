import { describe, expect, it } from 'vitest'
import type { ChangeOut } from '@/protocol/generated'
import { grouped } from './change-groups'

let revision = 0

/** One second after the one before. */
function change(more: Partial<ChangeOut> = {}): ChangeOut {
  revision++
  return {
    revision,
    since: revision,
    kind: 'edit',
    edit: `e${revision}`,
    undoes: null,
    author: 1,
    author_name: 'Alice',
    summary: 'Move',
    at: new Date(revision * 1000).toISOString(),
    run: null,
    model: '',
    tracks: ['a'],
    track_count: 1,
    first: revision,
    last: revision,
    ...more,
  }
}

const shape = (changes: ChangeOut[]) =>
  grouped([...changes].reverse()).map((group) =>
    group.changes
      .map(({ edit }) => edit)
      .reverse()
      .join(' '),
  )
const named = (...list: Partial<ChangeOut>[]) => list.map((more, index) => change({ edit: String(index), ...more }))

describe('groups of changes', () => {
  it('are bursts of the same edit of the same tracks', () => {
    expect(shape(named({}, {}, { summary: 'Resize' }, { tracks: ['b'] }, { tracks: ['b'], author: 2 }))).toEqual([
      '4',
      '3',
      '2',
      '0 1',
    ])
  })

  it('end with a pause', () => {
    const [first, second] = named({}, {})
    expect(shape([first!, { ...second!, at: new Date(Date.parse(first!.at) + 180_000).toISOString() }])).toEqual([
      '1',
      '0',
    ])
  })

  it('hold all that a run stored, with people’s edits beside them', () => {
    const run = { kind: 'predictions', run: 'r', author: 1, summary: '' } as const
    expect(shape(named(run, {}, run, {}, { ...run, kind: 'run' }))).toEqual(['0 2 4', '1 3'])
  })

  it('keep what was taken back apart from what stayed', () => {
    const groups = grouped(named({}, {}, { undoes: '1', summary: 'Undo: Move' }).reverse())
    expect(groups.map(({ undone }) => undone)).toEqual([false, true, false])
  })

  it('span the frames and tracks of their changes', () => {
    const run = { kind: 'predictions', run: 'r', summary: '' } as const
    const [group] = grouped(
      named(
        { ...run, tracks: ['a'], first: 5, last: 9 },
        { ...run, tracks: ['b'], first: null, last: null },
        { ...run, first: 1, last: 3 },
      ).reverse(),
    )
    expect(group).toMatchObject({ first: 1, last: 9, trackCount: 2 })
  })
})
