/** The upper part of the timeline: frame numbers, what is buffered, thumbnails, and the playheads. */
import type { Editor } from '@/editor/editor'
import type { EditorConfig } from '@/store/types'
import { clipped, GUTTER_PX, RULER_PX, STRIP_PX, xOf, type Surface } from './layout'
import { frameToX, tickStep, xToFrame } from './scale'

export type FrameRanges = readonly (readonly [number, number])[]

/** Frame numbers, decoded ranges as a thin line, and a veil over what lies outside of the job. */
export function drawRuler(surface: Surface, editor: Editor, buffered: FrameRanges): void {
  const { context, scale, palette, width } = surface
  const step = tickStep(scale)
  const last = Math.min(xToFrame(scale, width - GUTTER_PX), editor.config.video.frameCount - 1)
  clipped(context, GUTTER_PX, 0, width - GUTTER_PX, RULER_PX, () => {
    context.fillStyle = palette.muted
    for (let frame = Math.floor(scale.first / step) * step; frame <= last; frame += step) {
      const x = xOf(scale, frame)
      context.fillRect(x, RULER_PX - 6, 1, 6)
      context.fillText(String(frame), x + 4, RULER_PX / 2 - 1)
    }
    context.fillStyle = palette.accent
    context.globalAlpha = 0.5
    for (const [from, to] of buffered) context.fillRect(xOf(scale, from), RULER_PX - 2, Math.max((to + 1 - from) * scale.perFrame, 1), 2)
    const [first, end] = editor.bounds
    context.globalAlpha = 0.35
    context.fillStyle = palette.line
    context.fillRect(GUTTER_PX, 0, Math.max(frameToX(scale, first), 0), RULER_PX)
    context.fillRect(xOf(scale, end + 1), 0, width, RULER_PX)
  })
}

/** Thumbnails side by side, each of the frame in its middle. */
export function drawStrip({ context, scale, width }: Surface, image: HTMLImageElement, strip: NonNullable<EditorConfig['video']['strip']>): void {
  const tileWidth = (strip.tileWidth * STRIP_PX) / strip.tileHeight
  const room = width - GUTTER_PX
  clipped(context, GUTTER_PX, RULER_PX, room, STRIP_PX, () => {
    for (let x = -((scale.first * scale.perFrame) % tileWidth); x < room; x += tileWidth) {
      const tile = Math.min(Math.max(Math.floor(xToFrame(scale, x + tileWidth / 2) / strip.every), 0), strip.count - 1)
      const left = (tile % strip.columns) * strip.tileWidth
      const top = Math.floor(tile / strip.columns) * strip.tileHeight
      context.drawImage(image, left, top, strip.tileWidth, strip.tileHeight, GUTTER_PX + x, RULER_PX, tileWidth, STRIP_PX)
    }
  })
}

/** This person's playhead over everything, and where others are as marks on the ruler. */
export function drawPlayheads({ context, scale, palette, height }: Surface, editor: Editor): void {
  for (const person of editor.store.people.value) {
    if (person.connection === editor.store.connection) continue
    const x = xOf(scale, person.frame + 0.5)
    context.fillStyle = person.colour
    if (x >= GUTTER_PX) context.fillRect(x - 1, RULER_PX - 8, 2, 8)
  }
  const x = xOf(scale, editor.session.frame.value + 0.5)
  if (x < GUTTER_PX - 1) return
  context.fillStyle = palette.accent
  context.fillRect(x - 1, 0, 2, height)
  context.beginPath()
  context.moveTo(x - 6, 0)
  context.lineTo(x + 6, 0)
  context.lineTo(x, 9)
  context.fill()
}
