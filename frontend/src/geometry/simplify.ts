import type { Point } from './box'
import { distanceToSegment } from './kinds/vertex-list'

/**
 * The fewest of a line's points that stay within `tolerance` px of it, its ends among them (Douglas and Peucker, 1973).
 */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  if (points.length < 3) return [...points]
  const kept = new Uint8Array(points.length)
  kept[0] = kept[points.length - 1] = 1
  const open: [number, number][] = [[0, points.length - 1]]
  for (let range = open.pop(); range; range = open.pop()) {
    const [from, to] = range
    let farthest = -1
    let most = tolerance
    for (let index = from + 1; index < to; index++) {
      const far = distanceToSegment(points[index]!, points[from]!, points[to]!)
      if (far <= most) continue
      farthest = index
      most = far
    }
    if (farthest < 0) continue
    kept[farthest] = 1
    open.push([from, farthest], [farthest, to])
  }
  return points.filter((_, index) => kept[index])
}
