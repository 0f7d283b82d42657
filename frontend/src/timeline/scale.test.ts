import { describe, expect, it } from 'vitest'
import { following, frameToX, scrolled, tickStep, whole, xToFrame, zoomed } from './scale'

const HOUR = 86_400

describe('the timeline’s scale', () => {
  it('shows the whole video at first', () => {
    const scale = whole(HOUR, 1000)
    expect([frameToX(scale, 0), frameToX(scale, HOUR)]).toEqual([0, 1000])
  })

  it('keeps the frame under the pointer when zooming', () => {
    const scale = zoomed(whole(HOUR, 1000), 400, 50, HOUR, 1000)
    expect(xToFrame(scale, 400)).toBeCloseTo(0.4 * HOUR)
  })

  it('never zooms out beyond the video', () => {
    expect(zoomed(whole(HOUR, 1000), 400, 0.1, HOUR, 1000)).toEqual(whole(HOUR, 1000))
  })

  it('never scrolls beyond its ends', () => {
    const scale = zoomed(whole(HOUR, 1000), 500, 10, HOUR, 1000)
    expect(scrolled(scale, -1e9, HOUR, 1000).first).toBe(0)
    expect(scrolled(scale, 1e9, HOUR, 1000).first).toBeCloseTo(HOUR * 0.9)
  })

  it('follows a playhead that leaves the view, and stays while it is in view', () => {
    const scale = zoomed(whole(HOUR, 1000), 0, 100, HOUR, 1000)
    expect(following(scale, 10, HOUR, 1000)).toBe(scale)
    const moved = following(scale, 5000, HOUR, 1000)
    expect(xToFrame(moved, 0)).toBeLessThan(5000)
    expect(xToFrame(moved, 1000)).toBeGreaterThan(5000)
  })

  it('labels ticks at round steps that are far enough apart', () => {
    expect(tickStep(whole(HOUR, 1000))).toBe(10_000)
    expect(tickStep({ first: 0, perFrame: 40 })).toBe(2)
  })
})
