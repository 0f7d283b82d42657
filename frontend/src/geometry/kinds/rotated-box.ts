import { HANDLES, type Box, type Handle, type Point } from '../box'
import { SMALLEST_PX, type Geometry, type Grip, type Kind } from './kind'

/** Centre, sides in px, and the angle in radians, clockwise on the screen, in (-π, π]. */
export interface RotatedBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly angle: number
}

const STEP = Math.PI / 12
const SIGNS: Readonly<Record<Handle, readonly [number, number]>> = {
  nw: [-1, -1],
  n: [0, -1],
  ne: [1, -1],
  e: [1, 0],
  se: [1, 1],
  s: [0, 1],
  sw: [-1, 1],
  w: [-1, 0],
}

export function rotatedBoxOf({ payload }: Geometry): RotatedBox {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const [x, y, width, height, angle] = [0, 4, 8, 12, 16].map((at) => view.getFloat32(at, true))
  return { x: x!, y: y!, width: width!, height: height!, angle: angle! }
}

export function rotatedBox({ x, y, width, height, angle }: RotatedBox): Geometry {
  const values = new Float32Array([x, y, width, height, angle])
  return {
    kind: 'rotated_box',
    bounds: enclosing(rotatedBoxOf({ payload: new Uint8Array(values.buffer) } as Geometry)),
    payload: new Uint8Array(values.buffer),
  }
}

function enclosing({ x, y, width, height, angle }: RotatedBox): Box {
  const [across, down] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))]
  const [halfWidth, halfHeight] = [(width * across + height * down) / 2, (width * down + height * across) / 2]
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight].map(Math.fround) as unknown as Box
}

/** An angle in (-π, π]. */
export const normal = (angle: number): number => angle - 2 * Math.PI * Math.ceil((angle - Math.PI) / (2 * Math.PI))

/** The place of (dx, dy) px from the centre along the box's own axes. */
function placed({ x, y, angle }: RotatedBox, dx: number, dy: number): Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return { x: x + dx * cos - dy * sin, y: y + dx * sin + dy * cos }
}

/** How far a point lies from the centre along the box's own axes. */
function local({ x, y, angle }: RotatedBox, point: Point): readonly [number, number] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [dx, dy] = [point.x - x, point.y - y]
  return [dx * cos + dy * sin, -dx * sin + dy * cos]
}

const CORNERS: readonly Handle[] = ['nw', 'ne', 'se', 'sw']
const cornersOf = (box: RotatedBox): Point[] =>
  CORNERS.map((corner) => placed(box, (SIGNS[corner][0] * box.width) / 2, (SIGNS[corner][1] * box.height) / 2))

const CURSORS = ['ew-resize', 'nwse-resize', 'ns-resize', 'nesw-resize'] as const

function gripsOf(box: RotatedBox): Grip[] {
  const sides = HANDLES.map((id): Grip => {
    const [across, down] = SIGNS[id]
    const towards = box.angle + Math.atan2(down, across)
    return {
      id,
      at: placed(box, (across * box.width) / 2, (down * box.height) / 2),
      look: 'square',
      cursor: CURSORS[((Math.round(towards / (Math.PI / 4)) % 4) + 4) % 4]!,
    }
  })
  return [
    ...sides,
    {
      id: 'turn',
      at: placed(box, 0, -box.height / 2 - turnAway(box)),
      stem: placed(box, 0, -box.height / 2),
      look: 'round',
      cursor: 'grab',
    },
  ]
}

/** px from the upper side to the grip that turns the box. */
const turnAway = ({ width, height }: RotatedBox) => 12 + Math.min(width, height) / 4

/** Drag a corner or side; what lies opposite stays. */
function resized(box: RotatedBox, grip: Handle, to: Point): RotatedBox | null {
  const [across, down] = SIGNS[grip]
  const [x, y] = local(box, to)
  const width = across ? box.width / 2 + across * x : box.width
  const height = down ? box.height / 2 + down * y : box.height
  if (width < SMALLEST_PX || height < SMALLEST_PX) return null
  const centre = placed(box, (across * (width - box.width)) / 2, (down * (height - box.height)) / 2)
  return { ...box, ...centre, width, height }
}

function turned(box: RotatedBox, to: Point, inSteps: boolean): RotatedBox {
  const angle = Math.atan2(to.y - box.y, to.x - box.x) + Math.PI / 2
  return { ...box, angle: normal(inSteps ? Math.round(angle / STEP) * STEP : angle) }
}

/** The box on the side from `a` to `b` that goes as far as `to`, whichever way; null where that is next to nothing. */
export function fromSide(a: Point, b: Point, to: Point): Geometry | null {
  const width = Math.hypot(b.x - a.x, b.y - a.y)
  const angle = Math.atan2(b.y - a.y, b.x - a.x)
  const side = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, width, height: 0, angle }
  const [, away] = local(side, to)
  if (width < SMALLEST_PX || Math.abs(away) < SMALLEST_PX) return null
  return rotatedBox({ ...side, ...placed(side, 0, away / 2), height: Math.abs(away) })
}

/** A box that may be turned. Its `turn` grip goes in steps of 15° with Shift. */
export const ROTATED_BOX: Kind = {
  name: 'rotated box',
  outlines: (shape) => [{ points: cornersOf(rotatedBoxOf(shape)), closed: true }],
  grips: (shape) => gripsOf(rotatedBoxOf(shape)),
  gripped: (shape, grip, to, { shift }) => {
    const box = rotatedBoxOf(shape)
    const changed = grip === 'turn' ? turned(box, to, shift) : resized(box, grip as Handle, to)
    return changed && rotatedBox(changed)
  },
  moved: (shape, dx, dy) => {
    const box = rotatedBoxOf(shape)
    return rotatedBox({ ...box, x: box.x + dx, y: box.y + dy })
  },
  contains: (shape, point, reach) => {
    const box = rotatedBoxOf(shape)
    const [x, y] = local(box, point)
    return Math.abs(x) <= box.width / 2 + reach / 2 && Math.abs(y) <= box.height / 2 + reach / 2
  },
  area: (shape) => {
    const { width, height } = rotatedBoxOf(shape)
    return width * height
  },
  between: (before, after, share) => {
    const [a, b] = [rotatedBoxOf(before), rotatedBoxOf(after)]
    const mix = (from: number, to: number) => from + (to - from) * share
    return rotatedBox({
      x: mix(a.x, b.x),
      y: mix(a.y, b.y),
      width: mix(a.width, b.width),
      height: mix(a.height, b.height),
      angle: normal(a.angle + normal(b.angle - a.angle) * share),
    })
  },
  distance: (a, b) => {
    const to = cornersOf(rotatedBoxOf(b))
    return cornersOf(rotatedBoxOf(a)).reduce(
      (most, { x, y }, index) => Math.max(most, Math.hypot(x - to[index]!.x, y - to[index]!.y)),
      0,
    )
  },
}
