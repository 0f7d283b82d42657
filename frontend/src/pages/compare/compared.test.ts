import { describe, expect, it } from 'vitest'
import type { ComparePage, ComparisonOut } from '@/protocol/generated'
import { ApiError } from '@/protocol/rest'
import { FakeRest } from '@/testing/fakes'
import { Compared, notThere, pairOf } from './compared'

const layer = (id: number, kind: ComparePage['layers'][number]['kind'], name: string) => ({ id, kind, name, owner: '' })

const PAGE: ComparePage = {
  video: 7,
  frames: 100,
  layers: [layer(1, 'main', 'main'), layer(2, 'ground_truth', 'truth'), layer(3, 'model', 'yolo')],
  labels: [{ id: 5, name: 'car', colour: '#ff0000' }],
  csrf_token: '',
}

const found = (changes: Partial<ComparisonOut> = {}): ComparisonOut => ({
  reference: 2,
  compared: 1,
  reference_revision: 3,
  compared_revision: 8,
  state: 'done',
  progress: 1,
  message: '',
  compared_at: '2026-01-01T00:00:00Z',
  changed: [],
  current: true,
  report: {
    scores: [],
    scores_missing: '',
    differences: [
      { kind: 'missed', first: 4, last: 9, reference: 'r', compared: null, overlap: 0 },
      { kind: 'extra', first: 6, last: 6, reference: null, compared: 'c', overlap: 0 },
    ],
    tracks: { r: { label: 5, number: 3 }, c: { label: 6, number: 1 } },
    not_listed: 0,
    boxes: {},
    chart: {},
    by_bounds: 0,
    frame_tags: 0,
  },
  ...changes,
})

function opened(answer: (method: string, address: string) => unknown) {
  const rest = new FakeRest()
  const asked: string[] = []
  rest.answer = (method, address) => {
    asked.push(`${method} ${address}`)
    return address.startsWith('/api/videos/') ? [] : answer(method, address)
  }
  const kept: unknown[] = []
  return { compared: new Compared(PAGE, rest, (pair) => kept.push(pair)), asked, kept }
}

describe('the pair of an address', () => {
  it('takes ground truth, else the main layer, as true where the address leaves it open', () => {
    expect(pairOf('', PAGE.layers)).toEqual({ compared: 1, reference: 2 })
    expect(pairOf('?compared=3', PAGE.layers)).toEqual({ compared: 3, reference: 2 })
    expect(pairOf('?compared=2', PAGE.layers)).toEqual({ compared: 2, reference: 1 })
    expect(pairOf('?compared=1&reference=3', PAGE.layers)).toEqual({ compared: 1, reference: 3 })
  })

  it('says how many of its layers are not there', () => {
    expect([notThere('?compared=1&reference=9', PAGE.layers), notThere('', PAGE.layers)]).toEqual([1, 0])
    expect(pairOf('?compared=1&reference=9', PAGE.layers)).toEqual({ compared: 1, reference: 2 })
  })
})

describe('comparing two layers on a page', () => {
  it('shows what is kept without comparing anew, and keeps the pair in the address', async () => {
    const { compared, asked, kept } = opened(() => found())
    await compared.choose({ compared: 1, reference: 2 })
    expect(asked).toEqual(['get /api/layers/1/comparisons/2'])
    expect(kept).toEqual([{ compared: 1, reference: 2 }])
    expect(compared.listed.value.map(({ at }) => at)).toEqual([0, 1])
  })

  it('knows of a pair that was never compared', async () => {
    const { compared } = opened(() => {
      throw new ApiError('These layers were not compared yet.', 404)
    })
    await compared.choose({ compared: 1, reference: 3 })
    expect([compared.result.value, compared.looked.value, compared.problem.value]).toEqual([null, true, ''])
  })

  it('follows what is under way, and shows what was found before meanwhile', async () => {
    const states = ['running', 'done'] as const
    let asked = 0
    const { compared } = opened((method) =>
      method === 'post' ? found({ state: 'queued', current: false }) : found({ state: states[asked++] ?? 'done' }),
    )
    compared.pair.value = { compared: 1, reference: 2 }
    const done = compared.compare()
    await new Promise((resolve) => setTimeout(resolve))
    expect([compared.isUnderWay.value, compared.listed.value.length]).toEqual([true, 2])
    await done
    expect([compared.isUnderWay.value, compared.result.value?.state]).toEqual([false, 'done'])
  })

  it('asks no further once it is cancelled', async () => {
    const { compared, asked } = opened((method) => found({ state: method === 'delete' ? 'cancelled' : 'running' }))
    compared.pair.value = { compared: 1, reference: 2 }
    const followed = compared.compare()
    await new Promise((resolve) => setTimeout(resolve))
    await compared.cancel()
    const { length } = asked
    await followed
    expect(compared.result.value?.state).toBe('cancelled')
    expect(asked.slice(length).filter((each) => each.includes('comparisons/2')).length).toBeLessThanOrEqual(1)
  })

  it('lists the kinds and the label that are chosen, by their places in the report', async () => {
    const { compared } = opened(() => found())
    await compared.choose({ compared: 1, reference: 2 })
    compared.kinds.value = new Set(['extra'])
    expect(compared.listed.value.map(({ at }) => at)).toEqual([1])
    compared.label.value = 5
    expect(compared.listed.value).toEqual([])
    compared.kinds.value = new Set(['missed', 'extra'])
    expect(compared.listed.value.map(({ at }) => at)).toEqual([0])
  })

  it('leads into the editor with both layers, and which is taken as true', async () => {
    const { compared } = opened(() => found())
    await compared.choose({ compared: 1, reference: 2 })
    expect(compared.addressOf(compared.listed.value[1]!)).toBe(
      '/videos/7/edit/?layer=1&beside=2&reference=2&frame=6&difference=1',
    )
    expect([compared.nameOfTrack('r'), compared.nameOfTrack('c'), compared.nameOfTrack(null)]).toEqual([
      'car 3',
      'A deleted label 1',
      null,
    ])
  })
})
