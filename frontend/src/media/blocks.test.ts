import { describe, expect, it } from 'vitest'
import { Blocks } from './blocks'

const nothing = () => false

/** Every frame that is missing, in the order of asking. */
function frames(blocks: Blocks, frame: number, speed: number, has: (frame: number) => boolean = nothing): number[] {
  return blocks
    .missing(frame, speed, has)
    .flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
}

describe('the frames around the playhead', () => {
  it('are the block that it stands in, the next one and the one before', () => {
    expect(new Blocks(1000, 36).missing(30, 0, nothing)).toEqual([
      { first: 24, last: 35 },
      { first: 36, last: 47 },
      { first: 12, last: 23 },
    ])
  })

  it.each([1, -1])('are those ahead while it plays at %i', (speed) => {
    const blocks = new Blocks(1000, 72).missing(500, speed, nothing)
    expect(blocks.map(({ first }) => (first - 492) / 12)).toEqual([0, 1, 2, 3, 4, -1].map((step) => step * speed || 0))
  })

  it('end where the video does', () => {
    const blocks = new Blocks(14, 36)
    expect(blocks.missing(13, 0, nothing)).toEqual([
      { first: 12, last: 13 },
      { first: 0, last: 11 },
    ])
    expect(blocks.around(13, 1)).toEqual({ first: 0, last: 13 })
  })

  it('lack nothing where all are here, and only their ends are looked at', () => {
    const blocks = new Blocks(1000, 36)
    expect(frames(blocks, 30, 0, () => true)).toEqual([])
    expect(blocks.missing(30, 0, (frame) => frame < 24 || frame > 35 || frame === 30)).toEqual([
      { first: 24, last: 35 },
    ])
    expect(blocks.missing(30, 0, (frame) => frame < 30 || frame > 33)).toEqual([{ first: 30, last: 33 }])
  })

  // What doesn't fit would be decoded, pushed out and decoded again without end.
  it.each([2, 3, 5, 11, 12, 30, 36, 48, 480])('always fit where there is room for %i', (capacity) => {
    const blocks = new Blocks(10_000, capacity)
    for (const speed of [-4, 0, 1]) {
      const wanted = frames(blocks, 5000, speed)
      expect(wanted.length).toBeLessThanOrEqual(capacity)
      expect(wanted).toContain(5000)
      const { first, last } = blocks.around(5000, speed)
      expect([Math.min(...wanted), Math.max(...wanted)]).toEqual([first, last])
    }
  })
})
