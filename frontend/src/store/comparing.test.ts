import { describe, expect, it } from 'vitest'
import type { ComparisonOut, DifferenceOut, LayerOut } from '@/protocol/generated'
import { FakeRest } from '@/testing/fakes'
import { Comparing } from './comparing'

const OTHER: LayerOut = {
  id: 2,
  kind: 'ground_truth',
  name: 'truth',
  owner: '',
  mine: false,
  revision: 0,
  tracks: 1,
  shapes: 1,
  jobs: 0,
  issues: 0,
  runs: 0,
  may_edit: false,
  may_rename: false,
  may_delete: false,
}

const difference = (kind: DifferenceOut['kind'], first: number, last = first): DifferenceOut => ({
  kind,
  first,
  last,
  reference: kind === 'extra' ? null : `r${first}`,
  compared: kind === 'missed' ? null : `c${first}`,
  overlap: 0,
})

const done = (...differences: DifferenceOut[]) =>
  ({
    reference: 2,
    compared: 1,
    reference_revision: 3,
    compared_revision: 8,
    state: 'done',
    compared_at: '2026-01-01T00:00:00Z',
    report: { differences },
  }) as unknown as ComparisonOut

async function compared(...differences: DifferenceOut[]) {
  const rest = new FakeRest()
  const asked: string[] = []
  rest.answer = (method, address) => {
    asked.push(`${method} ${address}`)
    return done(...differences)
  }
  const comparing = new Comparing(rest, 1, 100, () => undefined)
  void comparing.start(OTHER, 0)
  await new Promise((resolve) => setTimeout(resolve))
  return { comparing, asked }
}

describe('comparing with another layer', () => {
  it('takes ground truth as true, until told otherwise', async () => {
    const { comparing, asked } = await compared()
    expect([comparing.otherIsReference.value, comparing.comparedRevision]).toEqual([true, 8])
    comparing.swap(0)
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toEqual(['post /api/layers/1/comparisons/2', 'post /api/layers/2/comparisons/1'])
  })

  it('walks from the frame one looks at, and then from one difference to the next', async () => {
    const { comparing } = await compared(difference('missed', 3, 9), difference('extra', 3), difference('switch', 20))
    const walked = [5, 5].map((frame) => comparing.beside(frame, 1)?.first)
    expect(walked).toEqual([20, 20])
    expect(comparing.beside(5, -1)?.kind).toBe('extra')
    comparing.current.value = comparing.differences.value[0]!
    expect(comparing.beside(0, 1)?.kind).toBe('extra')
    expect(comparing.beside(0, -1)).toBeNull()
  })

  it('walks through the chosen kinds alone', async () => {
    const { comparing } = await compared(difference('missed', 3), difference('extra', 7), difference('missed', 11))
    comparing.kinds.value = new Set(['extra'])
    expect(comparing.differences.value.map(({ first }) => first)).toEqual([7])
  })

  it('tells the tracks of both layers apart', async () => {
    const { comparing } = await compared(difference('overlap', 4))
    comparing.current.value = comparing.differences.value[0]!
    expect([comparing.otherTrack.value, comparing.ownTrack(comparing.current.value)]).toEqual(['r4', 'c4'])
    comparing.otherIsReference.value = false
    expect([comparing.otherTrack.value, comparing.ownTrack(comparing.current.value)]).toEqual(['c4', 'r4'])
  })

  it('forgets everything when it ends, also what still comes', async () => {
    const { comparing } = await compared(difference('missed', 3))
    void comparing.run(0)
    comparing.stop()
    await new Promise((resolve) => setTimeout(resolve))
    expect([comparing.result.value, comparing.layer.value, comparing.other.value]).toEqual([null, null, null])
  })
})
