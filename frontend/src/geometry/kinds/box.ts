import {
  area,
  between,
  clipped,
  contains,
  HANDLES,
  handlePoint,
  height,
  moved,
  resized,
  width,
  type Box,
  type Handle,
} from '../box'
import { NO_PAYLOAD, SMALLEST_PX, type Geometry, type Kind } from './kind'

const CURSORS: Record<Handle, string> = {
  nw: 'nwse-resize',
  se: 'nwse-resize',
  ne: 'nesw-resize',
  sw: 'nesw-resize',
  n: 'ns-resize',
  s: 'ns-resize',
  e: 'ew-resize',
  w: 'ew-resize',
}

export const boxGeometry = (bounds: Box): Geometry => ({ kind: 'box', bounds, payload: NO_PAYLOAD })

export const BOX: Kind = {
  name: 'box',
  outlines: ({ bounds: [x1, y1, x2, y2] }) => [
    {
      points: [
        { x: x1, y: y1 },
        { x: x2, y: y1 },
        { x: x2, y: y2 },
        { x: x1, y: y2 },
      ],
      closed: true,
    },
  ],
  grips: ({ bounds }) =>
    HANDLES.map((id) => ({ id, at: handlePoint(bounds, id), look: 'square', cursor: CURSORS[id] })),
  gripped: ({ bounds }, grip, to, { shift, frame }) => {
    const box = clipped(resized(bounds, grip as Handle, to, shift), frame.width, frame.height)
    return width(box) < SMALLEST_PX || height(box) < SMALLEST_PX ? null : boxGeometry(box)
  },
  moved: ({ bounds }, dx, dy) => boxGeometry(moved(bounds, dx, dy)),
  contains: ({ bounds: [x1, y1, x2, y2] }, point, reach) =>
    contains([x1 - reach / 2, y1 - reach / 2, x2 + reach / 2, y2 + reach / 2], point),
  area: ({ bounds }) => area(bounds),
  between: (before, after, share) => boxGeometry(between(before.bounds, after.bounds, share)),
  distance: (a, b) =>
    Math.max(
      ...corners(a.bounds).map(([x, y], index) =>
        Math.hypot(x - corners(b.bounds)[index]![0], y - corners(b.bounds)[index]![1]),
      ),
    ),
}

const corners = ([x1, y1, x2, y2]: Box) =>
  [
    [x1, y1],
    [x2, y1],
    [x1, y2],
    [x2, y2],
  ] as const
