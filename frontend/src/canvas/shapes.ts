import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { isPlaced } from '@/editor/time/frame-tags'
import { tagText } from '@/editor/objects/tag-text'
import { intersects } from '@/geometry/box'
import { kindOf, type Grip } from '@/geometry/kinds'
import { boxInVideo, boxInView, videoToView, type View } from '@/geometry/view-transform'
import { DOUBTFUL, shapeColour } from '@/store/colours'
import type { BoxPx, ShownShape } from '@/store/types'
import { drawDraft } from './draft'
import { paint, type Look } from './kinds'

const GRIP_PX = 8
const TAG_HEIGHT = 18
/** The colour of what was looked at; bright on the dark line below it. */
const FORMER = '#5ee08a'
/** Names are left out when so many shapes are shown: they would cover each other and the picture. */
const MOST_TAGS = 120

/** Draw everything that lies on the picture of `frame`. */
export function drawShapes(context: CanvasRenderingContext2D, editor: Editor, frame: number, host: HTMLElement): void {
  const { session, store } = editor
  const view = session.view.value
  // The mask being painted is on a canvas of its own.
  const { value: painting } = editor.painting
  const painted = (painting?.frame ?? frame) === frame ? painting?.track : null
  const seen = boxInVideo(view, host.clientWidth, host.clientHeight)
  const shapes = store.queries
    .shapesAt(frame)
    .filter(
      (shape) =>
        isPlaced(shape) &&
        !session.isHidden(shape.track.id, frame) &&
        intersects(shape.bounds, seen) &&
        shape.track.id !== painted,
    )
  const selection = session.selection.value
  const hovered = session.hovered.value
  for (const shape of shapes)
    paint(context, view, shape, lookOf(editor, shape, selection.has(shape.track.id), hovered === shape.track.id))
  for (const ghost of editor.ghosts())
    if (!session.isHidden(ghost.track.id, frame)) drawGhost(context, editor, view, ghost)
  for (const former of editor.formerShapes()) drawFormer(context, editor, view, former)
  for (const shape of shapes) {
    const [selected, pointed] = [selection.has(shape.track.id), hovered === shape.track.id]
    if (!editor.display.showsTag(selected, pointed)) continue
    if (selected || pointed || shapes.length <= MOST_TAGS)
      drawTag(context, editor, view, shape, frame, selected || pointed)
  }
  for (const shape of shapes)
    if (selection.has(shape.track.id) && !shape.track.locked) drawGrips(context, editor, view, shape)
  drawOthers(context, editor, view, shapes, frame)
  if (editor.draft.value)
    drawDraft(context, view, editor.draft.value, editor.label(session.activeLabel.value ?? -1)?.colour ?? '#fff')
  if (editor.finding.region.value) drawRegion(context, view, editor.finding.region.value)
  if (editor.marquee.value) drawMarquee(context, view, editor.marquee.value)
}

function rectangle(view: View, box: BoxPx): [number, number, number, number] {
  const [x1, y1, x2, y2] = boxInView(view, box)
  return [x1, y1, x2 - x1, y2 - y1]
}

/** A person's shape has a solid line, a predicted one a dashed, an interpolated one a thin line; a candidate has short dashes. */
export function lookOf(editor: Editor, shape: ShownShape, selected: boolean, hovered: boolean): Look {
  const { display } = editor
  const thickness = display.lineWidth.value / 2
  return {
    colour: colourOf(editor, shape),
    fill: Math.min(display.fill.value + (selected ? 0.22 : hovered ? 0.12 : 0), 1),
    lineWidth: thickness * (selected ? 2.5 : shape.origin === 'interpolated' ? 1.25 : 2),
    dash: dashOf(shape),
    edges: editor.label(shape.track.label)?.skeleton?.edges ?? [],
  }
}

const colourOf = (editor: Editor, shape: ShownShape) => shapeColour(editor.config, shape, editor.display.colourBy.value)

function dashOf({ track, origin, doubtful, occluded }: ShownShape): number[] {
  if (track.candidate) return [4, 6]
  if (occluded) return [2, 3]
  if (origin !== 'predicted') return []
  return doubtful ? [3, 5] : [8, 4]
}

/** A selected track has no shape on this frame: its nearest one, to begin from. */
function drawGhost(context: CanvasRenderingContext2D, editor: Editor, view: View, ghost: ShownShape): void {
  context.save()
  context.globalAlpha = 0.9
  const look = { ...lookOf(editor, ghost, false, false), fill: 0, lineWidth: 1.5 }
  // Whole below a broken line: it is seen on any picture.
  paint(context, view, ghost, { ...look, colour: 'rgb(0 0 0 / 35%)', lineWidth: 2, dash: [] })
  paint(context, view, ghost, { ...look, dash: [4, 4] })
  context.restore()
}

/** What a verdict was given on, beside what it was changed to; seen on any picture, and below what is there now. */
function drawFormer(context: CanvasRenderingContext2D, editor: Editor, view: View, former: ShownShape): void {
  context.save()
  const look = { ...lookOf(editor, former, false, false), fill: former.kind === 'mask' ? 0.25 : 0, lineWidth: 2 }
  paint(context, view, former, { ...look, colour: 'rgb(0 0 0 / 55%)', lineWidth: 4, dash: [] })
  paint(context, view, former, { ...look, colour: FORMER, dash: [6, 4] })
  const [x, y, , height] = rectangle(view, former.bounds)
  const text = t('as reviewed')
  context.font = '12px "Inter", system-ui, sans-serif'
  const width = context.measureText(text).width + 10
  context.fillStyle = 'rgb(16, 20, 28)'
  context.fillRect(x - 1, y + height, width, TAG_HEIGHT)
  context.fillStyle = FORMER
  context.textBaseline = 'middle'
  context.fillText(text, x + 4, y + height + TAG_HEIGHT / 2 + 0.5)
  context.restore()
}

function drawTag(
  context: CanvasRenderingContext2D,
  editor: Editor,
  view: View,
  shape: ShownShape,
  frame: number,
  important: boolean,
): void {
  const [x, y] = rectangle(view, shape.bounds)
  const text = tagText(shape, editor.label(shape.track.label), editor.display.tagParts.value, frame, important)
  if (!text) return
  context.save()
  context.font = '12px "Inter", system-ui, sans-serif'
  const width = context.measureText(text).width + 10
  // Above the grips where there are some; inside the canvas in any case.
  const top = Math.max(y - TAG_HEIGHT - (important ? GRIP_PX / 2 : 0), 0)
  context.globalAlpha = important ? 0.95 : 0.8
  context.fillStyle = 'rgb(16, 20, 28)'
  context.fillRect(x - 1, top, width, TAG_HEIGHT)
  context.fillStyle = colourOf(editor, shape)
  context.fillRect(x - 1, top, 3, TAG_HEIGHT)
  context.globalAlpha = 1
  context.fillStyle = shape.doubtful ? DOUBTFUL : '#fff'
  context.textBaseline = 'middle'
  context.fillText(text, x + 6, top + TAG_HEIGHT / 2 + 0.5)
  context.restore()
}

function drawGrips(context: CanvasRenderingContext2D, editor: Editor, view: View, shape: ShownShape): void {
  const hovered = editor.hoveredGrip.value
  const colour = colourOf(editor, shape)
  context.save()
  context.fillStyle = '#fff'
  context.strokeStyle = colour
  context.lineWidth = 1.5
  const grips = kindOf(shape).grips(shape)
  drawStems(context, view, grips)
  for (const { id, at, look } of grips) {
    const { x, y } = videoToView(view, at)
    const pointed = hovered?.grip.id === id && hovered.track === shape.track.id
    const size = (look === 'small' ? GRIP_PX / 2 : GRIP_PX) + (pointed ? 3 : 0)
    context.globalAlpha = look === 'small' && !pointed ? 0.8 : 1
    context.beginPath()
    if (look === 'square') context.rect(x - size / 2, y - size / 2, size, size)
    else context.arc(x, y, size / 2, 0, 2 * Math.PI)
    if (look !== 'ring') context.fill()
    context.stroke()
  }
  context.restore()
}

function drawStems(context: CanvasRenderingContext2D, view: View, grips: readonly Grip[]): void {
  context.beginPath()
  for (const { at, stem } of grips) {
    if (!stem) continue
    const [from, to] = [videoToView(view, stem), videoToView(view, at)]
    context.moveTo(from.x, from.y)
    context.lineTo(to.x, to.y)
  }
  context.stroke()
}

/** What other people have selected on this frame, in their colour. */
function drawOthers(
  context: CanvasRenderingContext2D,
  editor: Editor,
  view: View,
  shapes: readonly ShownShape[],
  frame: number,
): void {
  for (const person of editor.store.people.value) {
    if (person.connection === editor.store.connection || person.frame !== frame) continue
    for (const shape of shapes) {
      if (!person.tracks.includes(shape.track.id)) continue
      const [x, y, width, height] = rectangle(view, shape.bounds)
      context.save()
      context.strokeStyle = person.colour
      context.lineWidth = 2
      context.strokeRect(x - 4, y - 4, width + 8, height + 8)
      context.font = '11px "Inter", system-ui, sans-serif'
      context.fillStyle = person.colour
      context.fillRect(x - 5, y + height + 3, context.measureText(person.name).width + 10, 16)
      context.fillStyle = '#101418'
      context.fillText(person.name, x, y + height + 15)
      context.restore()
    }
  }
}

/** Where new objects are looked for. */
function drawRegion(context: CanvasRenderingContext2D, view: View, area: BoxPx): void {
  context.save()
  // Of two tones, so that it is seen on the sky and on a dark road.
  context.lineWidth = 3
  context.strokeStyle = 'rgba(0, 0, 0, 0.5)'
  context.strokeRect(...rectangle(view, area))
  context.lineWidth = 1.5
  context.strokeStyle = 'rgb(120, 175, 255)'
  context.setLineDash([6, 4])
  context.strokeRect(...rectangle(view, area))
  context.restore()
}

function drawMarquee(context: CanvasRenderingContext2D, view: View, area: BoxPx): void {
  context.save()
  context.fillStyle = 'rgba(90, 150, 255, 0.15)'
  context.strokeStyle = 'rgb(90, 150, 255)'
  context.fillRect(...rectangle(view, area))
  context.strokeRect(...rectangle(view, area))
  context.restore()
}
