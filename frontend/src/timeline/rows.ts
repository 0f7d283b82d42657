/** One row of the timeline: a track's name, its keyframes, predictions, gaps, and how far a run has come. */
import type { Editor } from '@/editor/editor'
import type { OverviewOut } from '@/protocol/generated'
import { Flag } from '@/store/chunks'
import { trackColour } from '@/store/colours'
import type { TrackRows } from '@/store/track-rows'
import type { Span, Track } from '@/store/types'
import { clipped, GUTTER_PX, ROW_PX, xOf, type Palette, type Surface } from './layout'
import { xToFrame } from './scale'

/** CSS px per frame below which single rows can't be told apart and the overview's bins are drawn instead. */
const DETAIL_PER_FRAME = 0.5
const BAR_PX = ROW_PX - 10
/** Room left of the first frame, so that a keyframe on it is drawn whole. */
const BLEED_PX = 6

export function drawRow(surface: Surface, editor: Editor, overview: OverviewOut | null, track: Track, y: number): void {
  const { context, scale, palette, width } = surface
  const { session } = editor
  const colour = trackColour(editor.config, track)
  if (session.selection.value.has(track.id)) {
    context.fillStyle = palette.selected
    context.fillRect(0, y, width, ROW_PX)
  }
  context.globalAlpha = session.hidden.value.has(track.id) ? 0.4 : 1
  drawName(context, editor, track, colour, palette, y)
  const left = GUTTER_PX - (scale.first === 0 ? BLEED_PX : 0)
  clipped(context, left, y, width - left, ROW_PX, () => {
    const bins = scale.perFrame < DETAIL_PER_FRAME ? overview?.tracks[track.id] : undefined
    if (bins) drawBins(surface, bins, colour, y)
    else drawSpans(surface, editor, track, colour, y)
    drawRuns(surface, editor, track, y)
  })
  context.globalAlpha = 0.5
  context.fillStyle = palette.line
  context.fillRect(0, y + ROW_PX - 1, width, 1)
  context.globalAlpha = 1
}

function drawName(context: CanvasRenderingContext2D, editor: Editor, track: Track, colour: string, palette: Palette, y: number): void {
  context.fillStyle = colour
  context.fillRect(10, y + ROW_PX / 2 - 5, 10, 10)
  context.fillStyle = palette.text
  const name = editor.label(track.label)?.name ?? ''
  context.fillText(`${name}${track.number > 0 ? ` ${track.number}` : ''}`, 28, y + ROW_PX / 2, GUTTER_PX - 36)
}

/** Zoomed out: where a track has rows, window by window. */
function drawBins({ context, scale, palette }: Surface, bins: OverviewOut['tracks'][string], colour: string, y: number): void {
  let previous: number | null = null
  for (const [first, last, , keyframes, predicted] of bins) {
    const x = xOf(scale, first)
    context.fillStyle = colour
    if (previous !== null && first > previous + 1) {
      context.globalAlpha = 0.25
      context.fillRect(xOf(scale, previous), y + ROW_PX / 2 - 1, (first - previous) * scale.perFrame, 2)
    }
    context.globalAlpha = predicted ? 0.6 : 0.35
    context.fillRect(x, y + 7, Math.max((last + 1 - first) * scale.perFrame, 2), ROW_PX - 14)
    context.globalAlpha = 1
    if (keyframes) drawKeyframe(context, x, y + ROW_PX / 2, 3, colour, palette)
    previous = last
  }
}

function drawSpans(surface: Surface, editor: Editor, track: Track, colour: string, y: number): void {
  const { scale, width } = surface
  const first = Math.max(Math.floor(scale.first), 0)
  const last = Math.min(Math.ceil(xToFrame(scale, width - GUTTER_PX)), editor.config.video.frameCount - 1)
  const rows = editor.store.records.rows(track.id)
  const spans = editor.store.queries.spans(track.id, first, last)
  for (const span of spans) if (span.kind !== 'keyframe') drawSpan(surface, rows, span, colour, y)
  // On top of what lies beside them, which may be as wide as a pixel only.
  for (const span of spans) {
    if (span.kind !== 'keyframe') continue
    const x = xOf(scale, span.first + 0.5)
    const outside = (rows.flags(span.first) & Flag.outside) !== 0
    drawKeyframe(surface.context, x, y + ROW_PX / 2, 5, outside ? surface.palette.ground : colour, surface.palette)
  }
}

function drawSpan({ context, scale }: Surface, rows: TrackRows, { kind, first, last }: Span, colour: string, y: number): void {
  const x = xOf(scale, first)
  const width = Math.max((last + 1 - first) * scale.perFrame, 1)
  const middle = y + ROW_PX / 2
  context.fillStyle = colour
  if (kind === 'outside') {
    context.globalAlpha = 0.5
    for (let at = x; at < x + width; at += 6) context.fillRect(at, middle - 0.5, 2, 1)
  } else if (kind === 'interpolated') {
    context.globalAlpha = 0.35
    context.fillRect(x, middle - 3, width, 6)
  } else {
    context.globalAlpha = 0.25
    context.fillRect(x, y + 5, width, BAR_PX)
    context.globalAlpha = 0.7
    drawConfidence(context, scale.perFrame, rows, first, last, x, y)
  }
  context.globalAlpha = 1
}

/** Confidence as a filled curve, one path: low where a person should look. */
function drawConfidence(context: CanvasRenderingContext2D, perFrame: number, rows: TrackRows, first: number, last: number, x: number, y: number): void {
  const step = Math.max(Math.round(1 / perFrame), 1)
  const bottom = y + 5 + BAR_PX
  context.beginPath()
  context.moveTo(x, bottom)
  for (let frame = first; frame <= last; frame += step) {
    const top = bottom - Math.max(rows.confidence(frame) * BAR_PX, 1)
    context.lineTo(x + (frame - first) * perFrame, top)
    context.lineTo(x + (Math.min(frame + step, last + 1) - first) * perFrame, top)
  }
  context.lineTo(x + (last + 1 - first) * perFrame, bottom)
  context.fill()
}

/** A running run's frames as a dashed frame, and its head. */
function drawRuns({ context, scale, palette }: Surface, editor: Editor, track: Track, y: number): void {
  for (const run of editor.store.activeRuns()) {
    if (!run.tracks.includes(track.id)) continue
    context.strokeStyle = palette.accent
    context.globalAlpha = 0.8
    context.setLineDash([4, 3])
    context.strokeRect(xOf(scale, run.first), y + 3.5, (run.last + 1 - run.first) * scale.perFrame, ROW_PX - 8)
    context.setLineDash([])
    const head = run.heads[track.id]
    if (head === undefined) continue
    context.fillStyle = palette.accent
    context.globalAlpha = 1
    context.fillRect(xOf(scale, head + 0.5) - 1.5, y + 2, 3, ROW_PX - 5)
  }
  context.globalAlpha = 1
}

/** A diamond with an edge, so that it stands out from a bar of the same colour. An outside one is hollow. */
function drawKeyframe(context: CanvasRenderingContext2D, x: number, y: number, size: number, fill: string, palette: Palette): void {
  context.beginPath()
  context.moveTo(x, y - size)
  context.lineTo(x + size, y)
  context.lineTo(x, y + size)
  context.lineTo(x - size, y)
  context.closePath()
  context.fillStyle = fill
  context.strokeStyle = palette.text
  context.lineWidth = 1
  context.fill()
  context.stroke()
}
