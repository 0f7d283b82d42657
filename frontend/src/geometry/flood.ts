/** Regions of a mask: background that it encloses, and its pieces. */
import type { Point } from './box'
import type { Geometry } from './kinds/kind'
import { decodeMask, encodeMask, type Bitmap } from './rle'

/**
 * The mask with the background around a point filled; null where that isn't closed. The mask closes it, together with the
 * frame's edges where it reaches them.
 */
export function withRegionAt(shape: Geometry, at: Point, frame: { width: number; height: number }): Geometry | null {
  const bitmap = decodeMask(shape)
  const start = pixelAt(bitmap, at)
  if (start === null || bitmap.bits[start]) return null
  const { left, top, width, height } = bitmap
  const region = connected(bitmap, start, false)
  const leaks = (pixel: number) => {
    const x = pixel % width
    const y = (pixel - x) / width
    return (
      (x === 0 && left > 0) ||
      (y === 0 && top > 0) ||
      (x === width - 1 && left + width < frame.width) ||
      (y === height - 1 && top + height < frame.height)
    )
  }
  if (region.some(leaks)) return null
  for (const pixel of region) bitmap.bits[pixel] = 1
  return encodeMask(bitmap)
}

/** The mask without its piece at a point; null when nothing is left, the mask itself where the point meets none. */
export function withoutPieceAt(shape: Geometry, at: Point): Geometry | null {
  const bitmap = decodeMask(shape)
  const start = pixelAt(bitmap, at)
  if (start === null || !bitmap.bits[start]) return shape
  for (const pixel of connected(bitmap, start, true)) bitmap.bits[pixel] = 0
  return encodeMask(bitmap)
}

function pixelAt({ left, top, width, height }: Bitmap, { x, y }: Point): number | null {
  const [column, row] = [Math.floor(x) - left, Math.floor(y) - top]
  return column < 0 || row < 0 || column >= width || row >= height ? null : row * width + column
}

/** Pixels that have the value of `start` and hang together with it, by sides or also by corners. */
export function connected(
  { bits, width, height }: Bitmap,
  start: number,
  corners: boolean,
  seen = new Uint8Array(bits.length),
): number[] {
  const value = bits[start]
  const found = [start]
  seen[start] = 1
  const visit = (pixel: number) => {
    if (seen[pixel] || bits[pixel] !== value) return
    seen[pixel] = 1
    found.push(pixel)
  }
  for (let index = 0; index < found.length; index++) {
    const pixel = found[index]!
    const x = pixel % width
    const [left, right, up, down] = [x > 0, x < width - 1, pixel >= width, pixel < width * (height - 1)]
    if (left) visit(pixel - 1)
    if (right) visit(pixel + 1)
    if (up) visit(pixel - width)
    if (down) visit(pixel + width)
    if (!corners) continue
    if (left && up) visit(pixel - width - 1)
    if (right && up) visit(pixel - width + 1)
    if (left && down) visit(pixel + width - 1)
    if (right && down) visit(pixel + width + 1)
  }
  return found
}
