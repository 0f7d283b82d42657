/** The whole video in a thin strip: how many objects there are when, and which part is in view. */
import type { OverviewOut } from '@/protocol/generated'
import { GUTTER_PX, MINIMAP_PX, type Surface } from './layout'

const COLUMNS = 512
/** Narrower than this the part in view couldn't be seen. */
const LEAST_PX = 8

/** Objects side by side along the video, each 0..1 of the most. */
export function densityOf(overview: OverviewOut, frameCount: number): Float32Array {
  const change = new Int32Array(COLUMNS + 1)
  const column = (frame: number) => Math.min(Math.floor((frame / frameCount) * COLUMNS), COLUMNS - 1)
  for (const bins of Object.values(overview.tracks)) {
    for (const [first, last] of bins) {
      change[column(first)]! += 1
      change[column(last) + 1]! -= 1
    }
  }
  const density = new Float32Array(COLUMNS)
  let count = 0
  let most = 1
  for (let at = 0; at < COLUMNS; at++) {
    count += change[at]!
    density[at] = count
    most = Math.max(most, count)
  }
  return density.map((value) => value / most)
}

/** Frame under a canvas x of the minimap. */
export function minimapFrame(x: number, room: number, frameCount: number): number {
  return Math.min(Math.max((x - GUTTER_PX) / room, 0), 1) * frameCount
}

const minimapX = (frame: number, room: number, frameCount: number) =>
  GUTTER_PX + (frame / Math.max(frameCount, 1)) * room

export function drawMinimap(
  { context, palette, scale, width }: Surface,
  density: Float32Array | null,
  frameCount: number,
  zoomedIn: boolean,
): void {
  const room = width - GUTTER_PX
  context.fillStyle = palette.page
  context.fillRect(GUTTER_PX, 0, room, MINIMAP_PX)
  if (density) drawDensity(context, density, room, palette.muted)
  if (zoomedIn) {
    const x = minimapX(scale.first, room, frameCount)
    const wide = Math.max(((room / scale.perFrame) * room) / frameCount, LEAST_PX)
    context.fillStyle = palette.accent
    context.globalAlpha = 0.18
    context.fillRect(x, 0, wide, MINIMAP_PX)
    context.globalAlpha = 1
    context.strokeStyle = palette.accent
    context.lineWidth = 1
    context.strokeRect(x + 0.5, 0.5, wide - 1, MINIMAP_PX - 1)
  }
}

function drawDensity(context: CanvasRenderingContext2D, density: Float32Array, room: number, colour: string): void {
  context.fillStyle = colour
  context.globalAlpha = 0.55
  context.beginPath()
  context.moveTo(GUTTER_PX, MINIMAP_PX)
  density.forEach((value, at) => {
    const y = MINIMAP_PX - 1 - value * (MINIMAP_PX - 4)
    context.lineTo(GUTTER_PX + (at / COLUMNS) * room, value ? y : MINIMAP_PX)
    context.lineTo(GUTTER_PX + ((at + 1) / COLUMNS) * room, value ? y : MINIMAP_PX)
  })
  context.lineTo(GUTTER_PX + room, MINIMAP_PX)
  context.fill()
  context.globalAlpha = 1
}

/** The playhead's place in the whole video. */
export function drawMinimapHead({ context, palette, width }: Surface, frame: number, frameCount: number): void {
  context.fillStyle = palette.accent
  context.fillRect(minimapX(frame + 0.5, width - GUTTER_PX, frameCount) - 1, 0, 2, MINIMAP_PX)
}
