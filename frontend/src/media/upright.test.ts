import { describe, expect, it } from 'vitest'
import { upright } from './upright'

/** Of 3 × 2 px: 1 2 3 / 4 5 6. What each orientation makes of it, as numpy's fliplr and rot90 do. */
const STORED = Uint32Array.from([1, 2, 3, 4, 5, 6])
const CASES: [turns: number, mirrored: boolean, shown: number[][]][] = [
  // prettier-ignore
  [0, false, [[1, 2, 3], [4, 5, 6]]],
  // prettier-ignore
  [1, false, [[3, 6], [2, 5], [1, 4]]],
  // prettier-ignore
  [2, false, [[6, 5, 4], [3, 2, 1]]],
  // prettier-ignore
  [3, false, [[4, 1], [5, 2], [6, 3]]],
  // prettier-ignore
  [0, true, [[3, 2, 1], [6, 5, 4]]],
  // prettier-ignore
  [1, true, [[1, 4], [2, 5], [3, 6]]],
  // prettier-ignore
  [2, true, [[4, 5, 6], [1, 2, 3]]],
  // prettier-ignore
  [3, true, [[6, 3], [5, 2], [4, 1]]],
]

describe('a stored picture', () => {
  it.each(CASES)('turned %i times, mirrored: %s, is shown upright', (turns, mirrored, shown) => {
    expect([...upright(STORED, 3, 2, { turns, mirrored })]).toEqual(shown.flat())
  })
})
