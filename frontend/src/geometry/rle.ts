/**
 * Masks: COCO-style run lengths of a window of the frame, column by column, beginning with background, and the bitmaps
 * they stand for. The packed form is described in tracking/shapes/chunks.py; `tests/protocol/masks.json` holds both to it.
 */
import type { Box, Point } from './box'
import type { Geometry } from './kinds/kind'

/** A window of the frame, in whole px. */
export interface Window {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Bitmap extends Window {
  /** 1 inside the mask, 0 outside; row by row. */
  readonly bits: Uint8Array
}

const HEADER = 16

/** The window and the runs of a packed mask; views, no copies, where the bytes lie on a multiple of 4. */
export function unpackMask({ payload }: Geometry): Window & { readonly runs: Uint32Array } {
  const aligned = payload.byteOffset % 4 ? payload.slice() : payload
  const [left, top, width, height] = new Int32Array(aligned.buffer, aligned.byteOffset, 4)
  return {
    left: left!,
    top: top!,
    width: width!,
    height: height!,
    runs: new Uint32Array(aligned.buffer, aligned.byteOffset + HEADER, (aligned.byteLength - HEADER) / 4),
  }
}

function packMask({ left, top, width, height }: Window, runs: readonly number[]): Geometry {
  const payload = new Uint8Array(HEADER + 4 * runs.length)
  new Int32Array(payload.buffer, 0, 4).set([left, top, width, height])
  new Uint32Array(payload.buffer, HEADER).set(runs)
  return { kind: 'mask', bounds: [left, top, left + width, top + height], payload }
}

export const emptyBitmap = (window: Window): Bitmap => ({
  ...window,
  bits: new Uint8Array(window.width * window.height),
})

export function decodeMask(shape: Geometry): Bitmap {
  const { left, top, width, height } = unpackMask(shape)
  const bitmap = emptyBitmap({ left, top, width, height })
  drawRuns(bitmap, shape)
  return bitmap
}

/** Set the pixels of a mask in a bitmap; what lies outside of it is left out. */
export function drawRuns(bitmap: Bitmap, shape: Geometry): void {
  const { left, top, height, runs } = unpackMask(shape)
  const { bits, width: stride } = bitmap
  let at = 0
  for (let index = 0; index < runs.length; index++) {
    const end = at + runs[index]!
    if (index % 2) {
      while (at < end) {
        const column = Math.floor(at / height)
        const stop = Math.min(end, (column + 1) * height)
        const x = left + column - bitmap.left
        const y0 = Math.max(at - column * height + top - bitmap.top, 0)
        const y1 = Math.min(stop - column * height + top - bitmap.top, bitmap.height)
        if (x >= 0 && x < stride)
          for (let y = y0, pixel = y0 * stride + x; y < y1; y++, pixel += stride) bits[pixel] = 1
        at = stop
      }
    }
    at = end
  }
}

/** A bitmap as a mask whose window is as small as can be; null when it is empty. `within`: the only part to look at. */
export function encodeMask(bitmap: Bitmap, within: Box | null = null): Geometry | null {
  const content = contentOf(bitmap, within)
  if (!content) return null
  const { bits, width: stride } = bitmap
  const [x1, y1, x2, y2] = content
  const runs: number[] = []
  let run = 0
  let value = 0
  for (let x = x1; x < x2; x++) {
    for (let y = y1, pixel = y1 * stride + x; y < y2; y++, pixel += stride) {
      if (bits[pixel] === value) run++
      else {
        runs.push(run)
        run = 1
        value = 1 - value
      }
    }
  }
  runs.push(run)
  return packMask({ left: bitmap.left + x1, top: bitmap.top + y1, width: x2 - x1, height: y2 - y1 }, runs)
}

/** The smallest box of pixels, within the bitmap, that holds every set one; null without one. */
function contentOf({ bits, width, height, left, top }: Bitmap, within: Box | null): Box | null {
  const x0 = within ? Math.max(Math.floor(within[0]) - left, 0) : 0
  const y0 = within ? Math.max(Math.floor(within[1]) - top, 0) : 0
  const xEnd = within ? Math.min(Math.ceil(within[2]) - left, width) : width
  const yEnd = within ? Math.min(Math.ceil(within[3]) - top, height) : height
  let [x1, y1, x2, y2] = [Infinity, Infinity, -1, -1]
  for (let y = y0; y < yEnd; y++) {
    const row = bits.subarray(y * width + x0, y * width + Math.max(xEnd, x0))
    const first = row.indexOf(1)
    if (first < 0) continue
    y1 = Math.min(y1, y)
    y2 = y + 1
    x1 = Math.min(x1, x0 + first)
    x2 = Math.max(x2, x0 + row.lastIndexOf(1) + 1)
  }
  return y2 < 0 ? null : [x1, y1, x2, y2]
}

/** px² */
export function maskArea(shape: Geometry): number {
  const { runs } = unpackMask(shape)
  let area = 0
  for (let index = 1; index < runs.length; index += 2) area += runs[index]!
  return area
}

export function maskContains(shape: Geometry, { x, y }: Point): boolean {
  const { left, top, width, height, runs } = unpackMask(shape)
  const [column, row] = [Math.floor(x) - left, Math.floor(y) - top]
  if (column < 0 || row < 0 || column >= width || row >= height) return false
  const wanted = column * height + row
  let at = 0
  for (let index = 0; index < runs.length; index++) {
    at += runs[index]!
    if (wanted < at) return index % 2 === 1
  }
  return false
}

/** The mask moved by whole px; masks know no parts of a pixel. */
export function movedMask(shape: Geometry, dx: number, dy: number): Geometry {
  const { runs, ...window } = unpackMask(shape)
  return packMask({ ...window, left: window.left + Math.round(dx), top: window.top + Math.round(dy) }, [...runs])
}

export const sameMask = (a: Geometry, b: Geometry): boolean =>
  a.payload.byteLength === b.payload.byteLength && a.payload.every((byte, index) => byte === b.payload[index])

/** The first mask without the pixels of the second; null when none is left, the first itself where they don't meet. */
export function maskWithout(shape: Geometry, other: Geometry): Geometry | null {
  const bitmap = decodeMask(shape)
  const cut = emptyBitmap(bitmap)
  drawRuns(cut, other)
  if (!cut.bits.some((bit, index) => bit && bitmap.bits[index])) return shape
  for (let index = 0; index < cut.bits.length; index++) if (cut.bits[index]) bitmap.bits[index] = 0
  return encodeMask(bitmap)
}

/** Set (or clear) the pixels whose centres lie inside a polygon, even-odd. Returns the box that was touched. */
export function fillPolygon(bitmap: Bitmap, vertices: readonly Point[], value: 0 | 1): Box {
  const { left, top, width, height, bits } = bitmap
  const ys = vertices.map(({ y }) => y)
  const first = Math.max(Math.ceil(Math.min(...ys) - top - 0.5), 0)
  const last = Math.min(Math.floor(Math.max(...ys) - top - 0.5), height - 1)
  for (let row = first; row <= last; row++) {
    const crossings = crossingsAt(vertices, top + row + 0.5)
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      const from = Math.max(Math.ceil(crossings[index]! - left - 0.5), 0)
      const to = Math.min(Math.ceil(crossings[index + 1]! - left - 0.5), width)
      if (to > from) bits.fill(value, row * width + from, row * width + to)
    }
  }
  const xs = vertices.map(({ x }) => x)
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** Where an outline crosses a horizontal line, from left to right. */
function crossingsAt(vertices: readonly Point[], y: number): number[] {
  const crossings: number[] = []
  vertices.forEach((a, index) => {
    const b = vertices[(index + 1) % vertices.length]!
    if (a.y > y !== b.y > y) crossings.push(a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y))
  })
  return crossings.sort((one, other) => one - other)
}

/** The mask with its holes filled: background that can't be reached from outside. */
export function withoutHoles(shape: Geometry): Geometry {
  const { left, top, width, height } = unpackMask(shape)
  const bitmap = emptyBitmap({ left: left - 1, top: top - 1, width: width + 2, height: height + 2 })
  drawRuns(bitmap, shape)
  const outside = new Uint8Array(bitmap.bits.length)
  const open = [0]
  outside[0] = 1
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    const x = pixel % bitmap.width
    for (const next of [
      pixel - bitmap.width,
      pixel + bitmap.width,
      x ? pixel - 1 : -1,
      x < bitmap.width - 1 ? pixel + 1 : -1,
    ]) {
      if (next < 0 || next >= outside.length || outside[next] || bitmap.bits[next]) continue
      outside[next] = 1
      open.push(next)
    }
  }
  for (let index = 0; index < outside.length; index++) bitmap.bits[index] = outside[index] ? 0 : 1
  return encodeMask(bitmap) ?? shape
}

/** Set (or clear) the pixels whose centres lie within `radius` px of the way from a to b. Returns the box touched. */
export function stamp(bitmap: Bitmap, a: Point, b: Point, radius: number, square: boolean, value: 0 | 1): Box {
  const touched: Box = [
    Math.min(a.x, b.x) - radius,
    Math.min(a.y, b.y) - radius,
    Math.max(a.x, b.x) + radius,
    Math.max(a.y, b.y) + radius,
  ]
  const { left, top, width, height, bits } = bitmap
  const [x1, x2] = [Math.max(Math.floor(touched[0] - left), 0), Math.min(Math.ceil(touched[2] - left), width)]
  const [y1, y2] = [Math.max(Math.floor(touched[1] - top), 0), Math.min(Math.ceil(touched[3] - top), height)]
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy
  for (let row = y1; row < y2; row++) {
    const y = row + top + 0.5
    for (let column = x1; column < x2; column++) {
      const x = column + left + 0.5
      const share = length ? Math.min(Math.max(((x - a.x) * dx + (y - a.y) * dy) / length, 0), 1) : 0
      const [away, down] = [Math.abs(x - a.x - dx * share), Math.abs(y - a.y - dy * share)]
      if (square ? Math.max(away, down) <= radius : away * away + down * down <= radius * radius)
        bits[row * width + column] = value
    }
  }
  return touched
}
