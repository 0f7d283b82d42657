import { describe, expect, it } from 'vitest'
import { FrameCache, capacityFor } from './frame-cache'

const PICTURE_BYTES = 10 * 5 * 4

class Picture {
  readonly width = 10
  readonly height = 5
  closed = false
  close(): void {
    this.closed = true
  }
}

function filled(capacity: number, ...frames: number[]): [FrameCache<Picture>, Map<number, Picture>] {
  const cache = new FrameCache<Picture>(capacity * PICTURE_BYTES)
  const pictures = new Map(frames.map((frame) => [frame, new Picture()]))
  for (const [frame, picture] of pictures) cache.put(frame, picture)
  return [cache, pictures]
}

describe('a cache of pictures', () => {
  it('lets go of the farthest pictures, and closes them', () => {
    const [cache, pictures] = filled(2, 0, 5, 6)
    cache.trim(5, { first: 0, last: 9 }, null)
    expect(cache.ranges()).toEqual([[5, 6]])
    expect([...pictures].filter(([, picture]) => picture.closed).map(([frame]) => frame)).toEqual([0])
  })

  it('lets go of pictures that nobody comes to before those ahead, however near they are', () => {
    const [cache] = filled(3, 3, 4, 5, 9)
    cache.trim(5, { first: 5, last: 10 }, null)
    expect(cache.ranges()).toEqual([
      [4, 5],
      [9, 9],
    ])
  })

  it('counts what it holds anew when pictures are replaced and let go', () => {
    const [cache] = filled(2, 0, 0, 0, 1)
    cache.trim(0, { first: 0, last: 9 }, null)
    expect(cache.ranges()).toEqual([[0, 1]])
  })

  it('never lets go of the picture that is shown', () => {
    const [cache] = filled(1, 0, 5)
    cache.trim(5, { first: 5, last: 5 }, 0)
    expect(cache.get(0)).not.toBeNull()
  })

  it('closes a picture that is replaced', () => {
    const [cache, pictures] = filled(2, 0)
    cache.put(0, new Picture())
    expect(pictures.get(0)!.closed).toBe(true)
  })

  it('tells runs of neighbouring frames in order', () => {
    const [cache] = filled(9, 7, 1, 2, 8, 3)
    expect(cache.ranges()).toEqual([
      [1, 3],
      [7, 8],
    ])
  })

  it('closes everything in the end', () => {
    const [cache, pictures] = filled(9, 1, 2)
    cache.clear()
    expect([...pictures.values()].every(({ closed }) => closed)).toBe(true)
  })
})

describe('the capacity', () => {
  it.each([
    [160, 96, 480],
    [1280, 720, 24],
    [1920, 1080, 24],
    [3840, 2160, 9],
    [16_000, 8000, 2],
  ])('at %i x %i is %i pictures', (width, height, pictures) => {
    expect(capacityFor(width, height)).toBe(pictures)
  })
})
