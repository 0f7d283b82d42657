/** Regions of a mask: background that it encloses, and its pieces. */
import type { Point } from './box'
import type { Geometry } from './kinds/kind'
import { decodeMask, encodeMask, type Bitmap } from './rle'

const SIDES = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const
const AROUND = [...SIDES, [1, 1], [-1, 1], [-1, -1], [1, -1]] as const

/**
 * The mask with the background around a point filled; null where that isn't closed. The mask closes it, together with the
 * frame's edges where it reaches them.
 */
export function withRegionAt(shape: Geometry, at: Point, frame: { width: number; height: number }): Geometry | null {
  const bitmap = decodeMask(shape)
  const start = pixelAt(bitmap, at)
  if (start === null || bitmap.bits[start]) return null
  const { left, top, width, height } = bitmap
  const open = [left > 0, top > 0, left + width < frame.width, top + height < frame.height]
  const region = connected(bitmap, start, SIDES)
  const leaks = region.some((pixel) => {
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    return [x === 0, y === 0, x === width - 1, y === height - 1].some((onSide, side) => onSide && open[side])
  })
  if (leaks) return null
  for (const pixel of region) bitmap.bits[pixel] = 1
  return encodeMask(bitmap)
}

/** The mask without its piece at a point; null when nothing is left, the mask itself where the point meets none. */
export function withoutPieceAt(shape: Geometry, at: Point): Geometry | null {
  const bitmap = decodeMask(shape)
  const start = pixelAt(bitmap, at)
  if (start === null || !bitmap.bits[start]) return shape
  for (const pixel of connected(bitmap, start, AROUND)) bitmap.bits[pixel] = 0
  return encodeMask(bitmap)
}

function pixelAt({ left, top, width, height }: Bitmap, { x, y }: Point): number | null {
  const [column, row] = [Math.floor(x) - left, Math.floor(y) - top]
  return column < 0 || row < 0 || column >= width || row >= height ? null : row * width + column
}

/** Pixels that have the value of `start` and hang together with it, one step of `steps` after the other. */
export function connected({ bits, width, height }: Bitmap, start: number, steps: readonly (readonly [number, number])[] = AROUND): number[] {
  const seen = new Uint8Array(bits.length)
  const found = [start]
  seen[start] = 1
  for (let index = 0; index < found.length; index++) {
    const [x, y] = [found[index]! % width, Math.floor(found[index]! / width)]
    for (const [dx, dy] of steps) {
      const [column, row] = [x + dx, y + dy]
      const next = row * width + column
      if (column < 0 || row < 0 || column >= width || row >= height || seen[next] || bits[next] !== bits[start]) continue
      seen[next] = 1
      found.push(next)
    }
  }
  return found
}
