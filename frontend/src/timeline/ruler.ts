/** The upper part of the timeline: frame numbers, what is buffered, thumbnails, and the playheads. */
import type { Editor } from '@/editor/editor'
import type { Units } from '@/editor/preferences/timeline'
import type { EditorConfig, FrameNumber } from '@/store/types'
import { clipped, GUTTER_PX, MINIMAP_PX, RULER_PX, STRIP_PX, xOf, type Surface } from './layout'
import { drawMinimapHead } from './minimap'
import { xToFrame } from './scale'
import { ticksOf } from './ticks'

export type FrameRanges = readonly (readonly [number, number])[]

const BOTTOM = MINIMAP_PX + RULER_PX
const MIDDLE = MINIMAP_PX + RULER_PX / 2 - 1

/** Numbers, and decoded ranges as a thin line. */
export function drawRuler(surface: Surface, editor: Editor, buffered: FrameRanges, units: Units): void {
  const { context, scale, palette, width } = surface
  const { frame_count: frameCount, fps } = editor.config.video
  const { step, label } = ticksOf(scale, units, fps)
  const last = Math.min(xToFrame(scale, width - GUTTER_PX), frameCount - 1)
  clipped(context, GUTTER_PX, MINIMAP_PX, width - GUTTER_PX, RULER_PX, () => {
    context.fillStyle = palette.muted
    for (let at = Math.max(Math.floor(scale.first / step), 0); Math.round(at * step) <= last; at++) {
      const frame = Math.round(at * step)
      const x = xOf(scale, frame)
      context.fillRect(x, BOTTOM - 7, 1, 5)
      context.fillText(label(frame), x + 4, MIDDLE)
    }
    context.fillStyle = palette.accent
    context.globalAlpha = 0.5
    for (const [from, to] of buffered)
      context.fillRect(xOf(scale, from), BOTTOM - 2, Math.max((to + 1 - from) * scale.perFrame, 1), 2)
  })
}

/** A veil from the ruler down over the frames that aren't worked on: those outside of the job, and those of others. */
export function drawVeil({ context, scale, palette, width, height }: Surface, frames: FrameRanges): void {
  clipped(context, GUTTER_PX, MINIMAP_PX, width - GUTTER_PX, height, () => {
    for (const [first, last] of frames) {
      const [left, right] = [xOf(scale, first), xOf(scale, last + 1)]
      // What lies there pales, but for the numbers, and the ground becomes grey.
      context.globalAlpha = 0.5
      context.fillStyle = palette.ground
      context.fillRect(left, BOTTOM, right - left, height)
      context.globalAlpha = 0.4
      context.fillStyle = palette.line
      context.fillRect(left, MINIMAP_PX, right - left, height)
    }
  })
}

/** Thumbnails side by side, each of the frame in its middle. */
export function drawStrip(
  { context, scale, width }: Surface,
  image: HTMLImageElement,
  strip: NonNullable<EditorConfig['video']['strip']>,
): void {
  const tileWidth = (strip.tile_width * STRIP_PX) / strip.tile_height
  const room = width - GUTTER_PX
  clipped(context, GUTTER_PX, BOTTOM, room, STRIP_PX, () => {
    for (let x = -((scale.first * scale.perFrame) % tileWidth); x < room; x += tileWidth) {
      const tile = Math.min(Math.max(Math.floor(xToFrame(scale, x + tileWidth / 2) / strip.every), 0), strip.count - 1)
      const left = (tile % strip.columns) * strip.tile_width
      const top = Math.floor(tile / strip.columns) * strip.tile_height
      context.drawImage(
        image,
        left,
        top,
        strip.tile_width,
        strip.tile_height,
        GUTTER_PX + x,
        BOTTOM,
        tileWidth,
        STRIP_PX,
      )
    }
  })
}

/** The chosen frames as a band over everything below the ruler, with ends to grip on it. */
export function drawRange(
  { context, scale, palette, width, height }: Surface,
  [first, last]: readonly [FrameNumber, FrameNumber],
): void {
  const [left, right] = [xOf(scale, first), xOf(scale, last + 1)]
  clipped(context, GUTTER_PX, MINIMAP_PX, width - GUTTER_PX, height, () => {
    context.fillStyle = palette.accent
    context.globalAlpha = 0.14
    context.fillRect(left, MINIMAP_PX, right - left, height)
    context.globalAlpha = 1
    for (const x of [left, right]) {
      context.fillRect(x - 0.5, MINIMAP_PX, 1, height)
      context.fillRect(x - 2.5, MINIMAP_PX + 4, 5, RULER_PX - 8)
    }
  })
}

/** This person's playhead over everything, with its number, and where others are as marks on the ruler. */
export function drawPlayheads(surface: Surface, editor: Editor, units: Units): void {
  const { context, scale, palette, width, height } = surface
  const { frame_count: frameCount, fps } = editor.config.video
  for (const person of editor.store.people.value) {
    if (person.connection === editor.store.connection) continue
    const x = xOf(scale, person.frame + 0.5)
    context.fillStyle = person.colour
    if (x >= GUTTER_PX) context.fillRect(x - 1, BOTTOM - 10, 2, 8)
  }
  const frame = editor.session.frame.value
  drawMinimapHead(surface, frame, frameCount)
  const x = xOf(scale, frame + 0.5)
  if (x < GUTTER_PX - 1 || x > width + 1) return
  context.fillStyle = palette.accent
  context.fillRect(x - 1, MINIMAP_PX, 2, height)
  const text = ticksOf({ ...scale, perFrame: Math.max(scale.perFrame, 1000) }, units, fps).label(frame)
  const wide = context.measureText(text).width + 12
  const left = Math.min(Math.max(x - wide / 2, GUTTER_PX), width - wide)
  context.beginPath()
  context.roundRect(left, MINIMAP_PX + 2, wide, RULER_PX - 6, 4)
  context.fill()
  context.fillStyle = palette.onAccent
  context.fillText(text, left + 6, MIDDLE + 1)
}
