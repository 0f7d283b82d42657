import { describe, expect, it } from 'vitest'
import {
  boxInView,
  boxInVideo,
  directionInVideo,
  fitted,
  pinched,
  turnedAt,
  turnedCursor,
  videoToView,
  viewToVideo,
  zoomedAt,
  type Turns,
  type View,
} from './view-transform'

const TURNS: readonly Turns[] = [0, 1, 2, 3]
const view = (turns: Turns): View => ({ scale: 2, x: 30, y: -10, turns })

describe('a turned view', () => {
  it.each(TURNS)('by %i quarters leads there and back', (turns) => {
    const point = { x: 12.5, y: 40 }
    expect(viewToVideo(view(turns), videoToView(view(turns), point))).toEqual(point)
  })

  it('shows the right side of the video below after a quarter to the right', () => {
    const turned = fitted([0, 0, 100, 50], 500, 500, 1)
    expect(videoToView(turned, { x: 100, y: 25 }).y).toBeGreaterThan(videoToView(turned, { x: 0, y: 25 }).y)
    expect(videoToView(turned, { x: 100, y: 25 }).x).toBeCloseTo(250)
  })

  it.each(TURNS)('by %i quarters keeps what lies under the pointer, turned on or zoomed', (turns) => {
    const at = { x: 77, y: 33 }
    const kept = viewToVideo(view(turns), at)
    for (const next of [zoomedAt(view(turns), at, 3), turnedAt(view(turns), at, 1), turnedAt(view(turns), at, -1)]) {
      expect(videoToView(next, kept).x).toBeCloseTo(at.x)
      expect(videoToView(next, kept).y).toBeCloseTo(at.y)
    }
  })

  it('is as before after four quarters', () => {
    let turned = view(0)
    for (let times = 0; times < 4; times++) turned = turnedAt(turned, { x: 5, y: 6 }, 1)
    expect(turned).toEqual(view(0))
  })

  it.each(TURNS)('by %i quarters shows all of a box in the middle', (turns) => {
    const [x1, y1, x2, y2] = boxInView(fitted([0, 0, 640, 360], 800, 600, turns), [0, 0, 640, 360])
    expect([x1 + x2, y1 + y2]).toEqual([expect.closeTo(800), expect.closeTo(600)])
    expect(Math.min(x1, y1)).toBeGreaterThanOrEqual(11.9)
    expect(boxInVideo(fitted([0, 0, 640, 360], 800, 600, turns), 800, 600)[0]).toBeLessThan(0)
  })

  it('moves things where the person’s eye says', () => {
    for (const turns of TURNS) {
      const step = directionInVideo(turns, -1, 0)
      const [from, to] = [
        { x: 50, y: 50 },
        { x: 50 + step.x, y: 50 + step.y },
      ].map((point) => videoToView(view(turns), point))
      expect([to!.x - from!.x, to!.y - from!.y]).toEqual([-2, 0])
    }
  })

  it('has its cursors across', () => {
    expect([turnedCursor('ns-resize', 1), turnedCursor('ns-resize', 2), turnedCursor('move', 3)]).toEqual([
      'ew-resize',
      'ns-resize',
      'move',
    ])
  })
})

it('two fingers move the picture and scale it between them', () => {
  const apart = pinched(
    view(0),
    [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ],
    [
      { x: 10, y: 20 },
      { x: 210, y: 20 },
    ],
  )
  expect(apart.scale).toBe(4)
  expect(videoToView(apart, viewToVideo(view(0), { x: 50, y: 0 }))).toEqual({ x: 110, y: 20 })
})
