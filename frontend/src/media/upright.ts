/** How a stored picture is brought upright (tracking/orientation.py). */

/** Mirrored left to right if `mirrored`, then turned counterclockwise by `turns` quarters (0..3). */
export interface Orientation {
  readonly turns: number
  readonly mirrored: boolean
}

export const UPRIGHT: Orientation = { turns: 0, mirrored: false }

export const isUpright = ({ turns, mirrored }: Orientation) => turns === 0 && !mirrored

/**
 * The pixels of a stored picture of `width` × `height` px, row by row, upright: `height` × `width` px after an odd number of
 * turns.
 */
export function upright(stored: Uint32Array, width: number, height: number, orientation: Orientation): Uint32Array {
  const { at, right, down } = walk(width, height, orientation)
  const turned = new Uint32Array(stored.length)
  for (let row = 0, from = 0; row < height; row++) {
    for (let column = 0, to = at + row * down; column < width; column++, from++, to += right) turned[to] = stored[from]!
  }
  return turned
}

/** Where the stored picture's first pixel goes, and how far one px to the right and one down in it lead. */
function walk(width: number, height: number, { turns, mirrored }: Orientation) {
  const [corner, right, down] = (
    [
      [0, 1, width],
      [(width - 1) * height, -height, 1],
      [width * height - 1, -1, -width],
      [height - 1, height, -1],
    ] as const
  )[turns]!
  return mirrored ? { at: corner + (width - 1) * right, right: -right, down } : { at: corner, right, down }
}
