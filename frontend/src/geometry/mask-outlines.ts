/** The outlines of a mask, along the edges of its pixels. */
import type { Point } from './box'
import type { Geometry } from './kinds/kind'
import { signedArea } from './kinds/outline'
import { decodeMask, type Bitmap } from './rle'
import { simplified } from './simplify'

/** Right, down, left, up: one walks with the mask to the right. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const

/** A mask as outlines. */
export interface MaskOutlines {
  /** One for each piece, the one that encloses most first. */
  readonly pieces: readonly { readonly outline: readonly Point[]; /** px², holes and all */ readonly area: number }[]
  /** Background that pieces enclose, which outer outlines don't show. */
  readonly holes: number
}

/** The outer outlines of a mask's pieces, simplified by at most `tolerance` px. Pixels that touch at a corner are one piece. */
export function outlinesOf(shape: Geometry, tolerance: number): MaskOutlines {
  const borders = bordersOf(decodeMask(shape))
  const outer = borders.filter(({ area }) => area > 0).sort((a, b) => b.area - a.area)
  const pieces = outer.map(({ outline, area }) => ({
    outline: simplified([...outline, ...outline.slice(0, 1)], tolerance).slice(0, -1),
    area,
  }))
  return { pieces: pieces.filter(({ outline }) => outline.length >= 3), holes: borders.length - outer.length }
}

/** Every border between pixels of a mask and background, in px of the frame. Of a hole the area is negative. */
function bordersOf(bitmap: Bitmap): { readonly outline: readonly Point[]; readonly area: number }[] {
  const borders: { outline: Point[]; area: number }[] = []
  const walked = new Uint8Array((bitmap.width + 1) * (bitmap.height + 1))
  for (let y = 0; y < bitmap.height; y++) {
    for (let x = 0; x < bitmap.width; x++) {
      // The upper side of a pixel that has none above it begins an outline that nobody has walked.
      if (!set(bitmap, x, y) || set(bitmap, x, y - 1) || walked[y * (bitmap.width + 1) + x]) continue
      const outline = walk(bitmap, x, y, walked).map((at) => ({ x: at.x + bitmap.left, y: at.y + bitmap.top }))
      borders.push({ outline, area: signedArea(outline) })
    }
  }
  return borders
}

const set = ({ bits, width, height }: Bitmap, x: number, y: number) =>
  x >= 0 && y >= 0 && x < width && y < height && bits[y * width + x] === 1

/** Along the border of a piece from the left top corner of a pixel back to it; corners only. */
function walk(bitmap: Bitmap, x0: number, y0: number, walked: Uint8Array): Point[] {
  const outline: Point[] = []
  let [x, y, way] = [x0, y0, 0]
  do {
    if (way === 0) walked[y * (bitmap.width + 1) + x] = 1
    const [dx, dy] = STEPS[way]!
    ;[x, y] = [x + dx, y + dy]
    // Pixels ahead, to the left and to the right of the way.
    const [left, right] = ahead(bitmap, x, y, way)
    const turn = left ? 3 : right ? 0 : 1
    if (turn) outline.push({ x, y })
    way = (way + turn) % 4
  } while (x !== x0 || y !== y0 || way !== 0)
  return outline
}

/** Whether the two pixels that one would walk between are set: the one on the left, the one on the right. */
function ahead(bitmap: Bitmap, x: number, y: number, way: number): readonly [boolean, boolean] {
  const around = [set(bitmap, x, y - 1), set(bitmap, x, y), set(bitmap, x - 1, y), set(bitmap, x - 1, y - 1)]
  return [around[way]!, around[(way + 1) % 4]!]
}
