/** One row of the timeline: a track's keyframes, predictions, gaps, and how far a run has come. */
import { edgeBefore } from '@/editor/time/edges'
import type { Editor } from '@/editor/editor'
import { Flag } from '@/store/chunks'
import { trackColour } from '@/store/colours'
import type { Bin, TrackRows } from '@/store/track-rows'
import type { FrameNumber, Run, Span, Track } from '@/store/types'
import { drawValues } from './attributes'
import { DETAIL_PER_FRAME } from './hits'
import { drawIssuesOf } from './issues'
import { clipped, GUTTER_PX, ROW_PX, xOf, type Palette, type Surface } from './layout'
import type { Line } from './lines'
import { drawName } from './names'
import type { RowsContext } from './rows-context'
import { runTip } from './run-tip'
import { drawVerdicts } from './verdicts'
import type { TimelineView } from './view'

const BAR_PX = ROW_PX - 10
/** Room left of the first frame, so that a keyframe on it is drawn whole. */
const BLEED_PX = 6

/** The lines in view and no others. */
export function drawRows(surface: Surface, rows: RowsContext): void {
  const [first, end] = rows.view.visible
  for (let index = first; index < end; index++) drawLine(surface, rows, rows.view.lines[index]!, rows.view.yOf(index))
}

function drawLine(surface: Surface, rows: RowsContext, line: Line, y: number): void {
  const { context, scale, palette, width } = surface
  const { editor } = rows
  const { session } = editor
  const { track } = line
  const colour = trackColour(editor.config, track, editor.display.colourBy.value)
  if (session.selection.value.has(track.id)) {
    context.fillStyle = palette.selected
    context.fillRect(0, y, width, ROW_PX)
  } else if (session.hovered.value === track.id) {
    context.fillStyle = palette.page
    context.fillRect(0, y, width, ROW_PX)
  }
  context.globalAlpha = session.hidden.value.has(track.id) ? 0.4 : 1
  drawName(surface, rows, line, colour, y)
  const left = GUTTER_PX - (scale.first === 0 ? BLEED_PX : 0)
  clipped(context, left, y, width - left, ROW_PX, () => {
    if (line.attribute) drawValues(surface, editor, track, line.attribute, y)
    else {
      drawTrack(surface, rows, track, colour, y)
      drawVerdicts(surface, track, rows.view.frames, y)
      drawIssuesOf(surface, editor, track, y)
    }
  })
  context.globalAlpha = 0.5
  context.fillStyle = palette.line
  context.fillRect(0, y + ROW_PX - 1, width, 1)
  context.globalAlpha = 1
}

/** Rows where they are here, else what the overview says of them. */
function drawTrack(
  surface: Surface,
  { editor, view, runs }: RowsContext,
  track: Track,
  colour: string,
  y: number,
): void {
  const bins = editor.store.overview.bins(track.id, editor.store.records.rows(track.id))
  const followed = runs.filter((run) => run.tracks.includes(track.id))
  if (surface.scale.perFrame < DETAIL_PER_FRAME && bins?.length) {
    drawBins(surface, bins, colour, y)
    for (const run of followed) drawProgress(surface, editor, run, track, bins, colour, y)
  } else drawDetail(surface, editor, view, track, bins ?? [], colour, y)
  for (const run of followed) drawRun(surface, editor, run, track, y)
}

/** Zoomed out: where a track has rows, window by window. */
function drawBins({ context, scale, palette }: Surface, bins: readonly Bin[], colour: string, y: number): void {
  let previous: number | null = null
  for (const [first, last, , keyframes, predicted, , , doubtful] of bins) {
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
    if (doubtful) {
      context.fillStyle = palette.warn
      context.fillRect(x, y + ROW_PX - 5, Math.max((last + 1 - first) * scale.perFrame, 2), 3)
    }
    previous = last
  }
}

/** Between what the overview knew of a running run and what has come since, so that the bar keeps up with its head. */
function drawProgress(
  { context, scale }: Surface,
  editor: Editor,
  run: Run,
  track: Track,
  bins: readonly Bin[],
  colour: string,
  y: number,
): void {
  const tip = runTip(editor.store.records.rows(track.id), run, track.id)
  if (tip === null) return
  const [first, last] = [bins[0]![0], bins.at(-1)![1]]
  const from = tip > last ? last : tip
  const to = tip < first ? first : tip
  context.fillStyle = colour
  context.globalAlpha = 0.6
  if (from < to) context.fillRect(xOf(scale, from), y + 7, (to + 1 - from) * scale.perFrame, ROW_PX - 14)
  context.globalAlpha = 1
}

function drawDetail(
  surface: Surface,
  editor: Editor,
  view: TimelineView,
  track: Track,
  bins: readonly Bin[],
  colour: string,
  y: number,
): void {
  const [first, last] = view.frames
  const { loader } = editor.store
  for (let from = first; from <= last;) {
    const here = loader.covers(from)
    const to = loader.alikeUntil(from, last)
    if (here && view.tags.has(track.label)) drawStretches(surface, editor, track, from, Math.min(to, last), colour, y)
    else if (here) drawSpans(surface, editor, track, from, Math.min(to, last), colour, y)
    else
      drawBins(
        surface,
        bins.filter((bin) => bin[1] >= from && bin[0] <= to),
        colour,
        y,
      )
    from = to + 1
  }
}

/** A frame tag: whole where it holds, with edges to grip. */
function drawStretches(
  { context, scale, palette }: Surface,
  editor: Editor,
  track: Track,
  first: FrameNumber,
  last: FrameNumber,
  colour: string,
  y: number,
): void {
  for (const span of editor.store.queries.spans(track.id, first, last)) {
    if (span.kind === 'outside' || !editor.store.queries.showsOn(track.id, span.first)) continue
    context.fillStyle = colour
    context.globalAlpha *= 0.55
    context.fillRect(
      xOf(scale, span.first),
      y + 6,
      Math.max((span.last + 1 - span.first) * scale.perFrame, 1),
      ROW_PX - 13,
    )
    context.globalAlpha /= 0.55
    context.fillStyle = palette.text
    for (const frame of [span.first, span.last + 1]) {
      if (edgeBefore(editor.store.records.rows(track.id), frame))
        context.fillRect(xOf(scale, frame) - 1, y + 5, 2, ROW_PX - 11)
    }
  }
}

function drawSpans(
  surface: Surface,
  editor: Editor,
  track: Track,
  first: FrameNumber,
  last: FrameNumber,
  colour: string,
  y: number,
): void {
  const { scale } = surface
  const rows = editor.store.records.rows(track.id)
  const spans = editor.store.queries.spans(track.id, first, last)
  for (const span of spans) if (span.kind !== 'keyframe') drawSpan(surface, rows, span, colour, y)
  // On top of what lies beside them, which may be as wide as a pixel only.
  for (const span of spans) {
    if (span.kind !== 'keyframe') continue
    const x = xOf(scale, span.first + 0.5)
    const outside = (rows.flags(span.first) & Flag.outside) !== 0
    if (!outside) drawHeld(surface, span.first, colour, y)
    drawKeyframe(surface.context, x, y + ROW_PX / 2, 5, outside ? surface.palette.ground : colour, surface.palette)
  }
}

/** The frame of a keyframe, as wide as it is: where frames are wide the bar would have a hole otherwise. */
function drawHeld({ context, scale }: Surface, frame: FrameNumber, colour: string, y: number): void {
  context.fillStyle = colour
  context.globalAlpha *= 0.35
  context.fillRect(xOf(scale, frame), y + ROW_PX / 2 - 3, scale.perFrame, 6)
  context.globalAlpha /= 0.35
}

function drawSpan(
  { context, scale, palette }: Surface,
  rows: TrackRows,
  { kind, first, last }: Span,
  colour: string,
  y: number,
): void {
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
    context.globalAlpha = 1
    context.fillStyle = palette.warn
    drawDoubtful(context, scale.perFrame, rows, first, last, x, y)
  }
  context.globalAlpha = 1
}

/** Confidence as a filled curve, one path: low where a person should look. */
function drawConfidence(
  context: CanvasRenderingContext2D,
  perFrame: number,
  rows: TrackRows,
  first: number,
  last: number,
  x: number,
  y: number,
): void {
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

/** A line under the frames that a person should look at. */
function drawDoubtful(
  context: CanvasRenderingContext2D,
  perFrame: number,
  rows: TrackRows,
  first: number,
  last: number,
  x: number,
  y: number,
): void {
  let from = rows.flags(first) & Flag.doubtful ? first : rows.after(first, Flag.doubtful)
  while (from !== null && from <= last) {
    let to = from
    while (to < last && rows.flags(to + 1) & Flag.doubtful) to++
    context.fillRect(x + (from - first) * perFrame, y + ROW_PX - 5, Math.max((to + 1 - from) * perFrame, 2), 3)
    from = rows.after(to, Flag.doubtful)
  }
}

/** A running run's frames as a dashed frame, and its head: where its newest row is. */
function drawRun({ context, scale, palette }: Surface, editor: Editor, run: Run, track: Track, y: number): void {
  context.strokeStyle = palette.accent
  context.lineWidth = 1
  context.globalAlpha = 0.8
  context.setLineDash([4, 3])
  context.strokeRect(xOf(scale, run.first), y + 3.5, (run.last + 1 - run.first) * scale.perFrame, ROW_PX - 8)
  context.setLineDash([])
  context.globalAlpha = 1
  const tip = runTip(editor.store.records.rows(track.id), run, track.id)
  if (tip === null) return
  context.fillStyle = palette.accent
  context.fillRect(xOf(scale, tip + 0.5) - 1.5, y + 2, 3, ROW_PX - 5)
}

/** A diamond with an edge, so that it stands out from a bar of the same colour. An outside one is hollow. */
function drawKeyframe(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  fill: string,
  palette: Palette,
): void {
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
