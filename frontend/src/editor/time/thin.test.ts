import { describe, expect, it } from 'vitest'
import { between, kindOf } from '@/geometry/kinds'
import { pointsAt } from '@/geometry/kinds/points'
import { Seen } from '@/geometry/kinds/point-list'
import { rotatedBox } from '@/geometry/kinds/rotated-box'
import { keyframeBox } from '@/store/chunks'
import type { BoxPx, Row } from '@/store/types'
import { thin, type ThinOptions } from './thin'

const OPTIONS: ThinOptions = { tolerance: 1, keepKeyframes: true }
const ALL = [0, 999] as const

const predicted = (frame: number, bounds: BoxPx, more: Partial<Row> = {}): Row =>
  keyframeBox(frame, bounds, { keyframe: false, predicted: true, confidence: 0.8, ...more })
/** A box that goes right, and from frame 50 on down. */
const corner = (frame: number): BoxPx => [
  Math.min(frame, 50) * 2,
  Math.max(frame - 50, 0) * 2,
  Math.min(frame, 50) * 2 + 10,
  Math.max(frame - 50, 0) * 2 + 10,
]
const dense = (count: number, more: (frame: number) => Partial<Row> = () => ({})) =>
  Array.from({ length: count }, (_, frame) => predicted(frame, corner(frame), more(frame)))
const kept = (rows: readonly Row[]) => rows.map(({ frame }) => frame)

describe('thinning out', () => {
  it('leaves keyframes where the movement changes', () => {
    const { rows, before, after } = thin(dense(101), ALL, OPTIONS)
    expect(kept(rows)).toEqual([0, 50, 100])
    expect(rows.every(({ keyframe, predicted: guess, confidence }) => keyframe && !guess && confidence === 1)).toBe(
      true,
    )
    expect([before, after]).toEqual([101, 3])
  })

  it('says by how much each frame is off, as its kind measures it', () => {
    const wobbly = Array.from({ length: 60 }, (_, frame) =>
      predicted(frame, [
        100 + 8 * Math.sin(frame / 5),
        50 + 3 * Math.cos(frame / 4),
        180 + 6 * Math.sin(frame / 6),
        90 + frame / 3,
      ]),
    )
    const { rows, frames, errors } = thin(wobbly, ALL, { ...OPTIONS, tolerance: 3 })
    expect(frames).toEqual(kept(wobbly))
    expect(Math.max(...errors)).toBeLessThanOrEqual(3)
    wobbly.forEach((row, index) => {
      const after = rows.findIndex(({ frame }) => frame >= row.frame)
      const [one, other] = [rows[Math.max(after - 1, 0)]!, rows[after]!]
      const share = other.frame === one.frame ? 0 : (row.frame - one.frame) / (other.frame - one.frame)
      expect(errors[index]).toBeCloseTo(kindOf(row).distance(between(one, other, share), row), 9)
    })
  })

  it('keeps a person’s keyframes, unless asked not to', () => {
    const rows = dense(101, (frame) => (frame === 20 ? { keyframe: true, predicted: false } : {}))
    expect(kept(thin(rows, ALL, OPTIONS).rows)).toEqual([0, 20, 50, 100])
    expect(kept(thin(rows, ALL, { ...OPTIONS, keepKeyframes: false }).rows)).toEqual([0, 50, 100])
  })

  it('keeps where occlusion begins and ends', () => {
    const { rows } = thin(
      dense(101, (frame) => ({ occluded: frame >= 10 && frame < 30 })),
      ALL,
      OPTIONS,
    )
    expect(rows.map(({ frame, occluded }) => `${frame}${occluded ? ' occluded' : ''}`)).toEqual([
      '0',
      '10 occluded',
      '30',
      '50',
      '100',
    ])
  })

  it('keeps gaps, told by their first row', () => {
    const rows = dense(101, (frame) => ({ outside: frame >= 60 && frame < 80 }))
    expect(thin(rows, ALL, OPTIONS).rows.map(({ frame, outside }) => `${frame}${outside ? ' outside' : ''}`)).toEqual([
      '0',
      '50',
      '59',
      '60 outside',
      '80',
      '100',
    ])
  })

  it('leaves what lies beyond the range as it is', () => {
    const rows = dense(101)
    const { rows: left, before } = thin(rows, [10, 40], OPTIONS)
    expect(left.slice(0, 10)).toEqual(rows.slice(0, 10))
    expect(kept(left)).toEqual([...Array(10).keys(), 10, 40, ...Array.from({ length: 60 }, (_, index) => index + 41)])
    expect(before).toBe(31)
  })

  it('keeps where a point of several comes out of sight', () => {
    const points = (frame: number): Row => {
      const seen = frame < 20 ? Seen.visible : Seen.occluded
      return {
        ...predicted(frame, corner(frame)),
        ...pointsAt([
          { x: frame, y: 5, seen: Seen.visible },
          { x: 2 * frame, y: 9, seen },
        ]),
      }
    }
    expect(
      kept(
        thin(
          Array.from({ length: 60 }, (_, frame) => points(frame)),
          ALL,
          OPTIONS,
        ).rows,
      ),
    ).toEqual([0, 20, 59])
  })

  it('takes a kind that turns by its own measure', () => {
    const turning = Array.from({ length: 60 }, (_, frame): Row => ({
      ...predicted(frame, corner(frame)),
      ...rotatedBox({ x: 100, y: 100, width: 80, height: 20, angle: frame / 40 }),
    }))
    const { rows, errors } = thin(turning, ALL, OPTIONS)
    expect(kept(rows)).toEqual([0, 59])
    expect(Math.max(...errors)).toBeLessThan(0.01)
  })
})
