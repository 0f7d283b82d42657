import { describe, expect, it } from 'vitest'
import { Asked } from './asked'

function askedFor(...frames: number[]): Asked {
  const asked = new Asked()
  for (const frame of frames) asked.add(frame)
  return asked
}

describe('frames that were asked for', () => {
  it('shows one that comes while later ones are awaited', () => {
    expect(askedFor(1, 2, 3).settle(1)).toBe(true)
  })

  it('shows none that was asked for before one that is shown', () => {
    const asked = askedFor(1, 2, 3)
    asked.settle(2)
    expect(asked.settle(1)).toBe(false)
    expect(asked.settle(3)).toBe(true)
  })

  it('shows none that nobody asked for', () => {
    const asked = askedFor(1)
    expect(asked.settle(9)).toBe(false)
    expect(asked.has(1)).toBe(true)
  })

  it('goes by the last time when one was asked for twice', () => {
    const asked = askedFor(1, 2, 1)
    expect(asked.settle(1)).toBe(true)
    expect(asked.has(2)).toBe(false)
  })

  it('forgets what was asked for long ago', () => {
    const asked = askedFor(...Array.from({ length: 100 }, (_, index) => index))
    expect(asked.has(0)).toBe(false)
    expect(asked.has(99)).toBe(true)
  })
})
