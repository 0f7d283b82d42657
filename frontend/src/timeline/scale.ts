/** How frames lie along the timeline. Pure. */
export interface Scale {
  /** Frame at the left edge; may be fractional. */
  readonly first: number
  /** CSS px per frame. */
  readonly perFrame: number
}

export const WIDEST_FRAME_PX = 40

export const frameToX = (scale: Scale, frame: number) => (frame - scale.first) * scale.perFrame
export const xToFrame = (scale: Scale, x: number) => x / scale.perFrame + scale.first

/** The whole video in `width` px. */
export function whole(frameCount: number, width: number): Scale {
  return { first: 0, perFrame: Math.min(WIDEST_FRAME_PX, width / Math.max(frameCount, 1)) }
}

/** Zoom by `factor` with the frame under `x` staying there, within the video and the widest frame. */
export function zoomed(scale: Scale, x: number, factor: number, frameCount: number, width: number): Scale {
  const least = whole(frameCount, width).perFrame
  const perFrame = Math.min(Math.max(scale.perFrame * factor, least), WIDEST_FRAME_PX)
  return within({ first: xToFrame(scale, x) - x / perFrame, perFrame }, frameCount, width)
}

/** A range of frames, both ends included, with a twentieth of the width free on both sides. */
export function fitted(first: number, last: number, frameCount: number, width: number): Scale {
  const least = whole(frameCount, width).perFrame
  const perFrame = Math.min(Math.max((0.9 * width) / (last + 1 - first), least), WIDEST_FRAME_PX)
  return within({ first: (first + last + 1 - width / perFrame) / 2, perFrame }, frameCount, width)
}

export const scrolled = (scale: Scale, px: number, frameCount: number, width: number): Scale =>
  within({ ...scale, first: scale.first + px / scale.perFrame }, frameCount, width)

/** Scroll no farther than needed to have `frame` in view. */
export function following(scale: Scale, frame: number, frameCount: number, width: number): Scale {
  const shown = width / scale.perFrame
  const margin = Math.min(shown * 0.08, 40)
  if (frame < scale.first) return within({ ...scale, first: frame - margin }, frameCount, width)
  if (frame > scale.first + shown - 1) return within({ ...scale, first: frame - shown + 1 + margin }, frameCount, width)
  return scale
}

function within(scale: Scale, frameCount: number, width: number): Scale {
  const most = Math.max(frameCount - width / scale.perFrame, 0)
  return { ...scale, first: Math.min(Math.max(scale.first, 0), most) }
}

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]

/** Frames between two labelled ticks that are at least `least` px apart. */
export function tickStep(scale: Scale, least = 70): number {
  return STEPS.find((step) => step * scale.perFrame >= least) ?? 100_000
}
