import type { Box, Point } from './box'

/** How video px lie on the canvas: view = video * scale + (x, y), in CSS px. */
export interface View {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export const MIN_SCALE = 0.02
export const MAX_SCALE = 64

export const videoToView = (view: View, point: Point): Point => ({
  x: point.x * view.scale + view.x,
  y: point.y * view.scale + view.y,
})

export const viewToVideo = (view: View, point: Point): Point => ({
  x: (point.x - view.x) / view.scale,
  y: (point.y - view.y) / view.scale,
})

/** Zoom by `factor`; what lies under `at` (view px) stays there. */
export function zoomedAt(view: View, at: Point, factor: number): View {
  const scale = Math.min(Math.max(view.scale * factor, MIN_SCALE), MAX_SCALE)
  const kept = viewToVideo(view, at)
  return { scale, x: at.x - kept.x * scale, y: at.y - kept.y * scale }
}

export const panned = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy })

/** Show all of `box` (video px) in the middle of a canvas, with `margin` CSS px around it. */
export function fitted(box: Box, canvasWidth: number, canvasHeight: number, margin = 12): View {
  const width = Math.max(box[2] - box[0], 1)
  const height = Math.max(box[3] - box[1], 1)
  const room = { x: Math.max(canvasWidth - 2 * margin, 1), y: Math.max(canvasHeight - 2 * margin, 1) }
  const scale = Math.min(Math.max(Math.min(room.x / width, room.y / height), MIN_SCALE), MAX_SCALE)
  return {
    scale,
    x: canvasWidth / 2 - ((box[0] + box[2]) / 2) * scale,
    y: canvasHeight / 2 - ((box[1] + box[3]) / 2) * scale,
  }
}
