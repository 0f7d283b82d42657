import { describe, expect, it } from 'vitest'
import { FrameCache, capacityFor } from './frame-cache'
import { GROUP } from './messages'

class Picture {
  closed = false
  close(): void {
    this.closed = true
  }
}

function filled(capacity: number, ...frames: number[]): [FrameCache<Picture>, Map<number, Picture>] {
  const cache = new FrameCache<Picture>(capacity)
  const pictures = new Map(frames.map((frame) => [frame, new Picture()]))
  for (const [frame, picture] of pictures) cache.put(frame, picture)
  return [cache, pictures]
}

describe('a cache of pictures', () => {
  it('lets go of the farthest pictures, and closes them', () => {
    const [cache, pictures] = filled(2, 0, 5, 6)
    cache.trim(5, null)
    expect(cache.ranges()).toEqual([[5, 6]])
    expect([...pictures].filter(([, picture]) => picture.closed).map(([frame]) => frame)).toEqual([0])
  })

  it('never lets go of the picture that is shown', () => {
    const [cache] = filled(1, 0, 5)
    cache.trim(5, 0)
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
    [160, 96],
    [1280, 720],
    [3840, 2160],
  ])('holds the group that is shown and those around it at %i x %i', (width, height) => {
    expect(capacityFor(width, height)).toBeGreaterThanOrEqual(3 * GROUP)
  })
})
