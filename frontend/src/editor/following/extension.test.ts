import { describe, expect, it } from 'vitest'
import type { Run } from '@/store/types'
import { RUN as STARTED } from '@/testing/fakes'
import { planAutoExtension, planExtension, withoutReplaced } from './extension'

const RUN: Run = { ...STARTED, first: 100, last: 200, tracks: ['a'] }
const VIDEO = [0, 999] as const

describe('extending a run', () => {
  it('moves the end that it runs to', () => {
    expect(planExtension(RUN, VIDEO, 50)).toEqual([100, 250])
    expect(planExtension({ ...RUN, direction: 'backward' }, VIDEO, 50)).toEqual([50, 200])
    expect(planExtension({ ...RUN, direction: 'both' }, VIDEO, 50)).toEqual([50, 250])
  })

  it('stays within the job, and says when there is nothing left', () => {
    expect(planExtension(RUN, [0, 220], 50)).toEqual([100, 220])
    expect(planExtension(RUN, [0, 200], 50)).toBeNull()
  })
})

describe('going on by itself', () => {
  it('begins ten frames before the end', () => {
    expect(planAutoExtension(RUN, 189, VIDEO, 50)).toBeNull()
    expect(planAutoExtension(RUN, 190, VIDEO, 50)).toEqual([100, 250])
  })

  it('moves only the end that is near', () => {
    expect(planAutoExtension({ ...RUN, direction: 'both' }, 195, VIDEO, 50)).toEqual([100, 250])
    expect(planAutoExtension({ ...RUN, direction: 'both' }, 105, VIDEO, 50)).toEqual([50, 200])
  })

  it('is not for what left the picture', () => {
    const done: Run = { ...RUN, state: 'done', tracks: ['a', 'b'], left: { a: 150 } }
    expect(planAutoExtension(done, 195, VIDEO, 50)).not.toBeNull()
    expect(planAutoExtension({ ...done, left: { a: 150, b: 160 } }, 195, VIDEO, 50)).toBeNull()
  })

  it('leaves runs alone whose tracks newer ones have taken up', () => {
    const runs: Run[] = [
      { ...RUN, id: 'on', tracks: ['a'] },
      { ...RUN, id: 'old', state: 'done' },
      { ...RUN, id: 'both', state: 'done', tracks: ['a', 'b'] },
      { ...RUN, id: 'new' },
    ]
    expect(withoutReplaced(runs).map(({ id }) => id)).toEqual(['on', 'both', 'new'])
  })

  it('is for this person’s runs that are not stopped or failed', () => {
    expect(planAutoExtension({ ...RUN, mine: false }, 195, VIDEO, 50)).toBeNull()
    expect(planAutoExtension({ ...RUN, state: 'stopped' }, 195, VIDEO, 50)).toBeNull()
    expect(planAutoExtension({ ...RUN, state: 'done' }, 195, VIDEO, 50)).not.toBeNull()
  })
})
