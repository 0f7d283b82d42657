/** The column of names, left of the frames. */
import { nameOf } from '@/editor/objects/name'
import type { Track } from '@/store/types'
import { clipped, GUTTER_PX, NAME_X, ROW_PX, type Surface } from './layout'
import type { Line } from './lines'
import type { RowsContext, Thumbnails } from './rows-context'

const PICTURE_PX = 20
const INDENT_PX = 12

export function drawName(
  surface: Surface,
  { editor, view, thumbnails }: RowsContext,
  { track, attribute }: Line,
  colour: string,
  y: number,
): void {
  const { context, palette } = surface
  const middle = y + ROW_PX / 2
  const shift = view.hasAttributes ? 0 : NAME_X.without
  const text = NAME_X.text - shift
  clipped(context, 0, y, GUTTER_PX - 1, ROW_PX, () => {
    if (attribute) {
      context.fillStyle = palette.muted
      context.fillText(
        fitting(context, attribute.name, GUTTER_PX - NAME_X.text - INDENT_PX - 8),
        NAME_X.text + INDENT_PX,
        middle,
      )
      return
    }
    if (view.attributes.get(track.label)?.length) drawTriangle(context, view.isOpen(track.id), palette.muted, middle)
    drawPicture(context, thumbnails, track, colour, NAME_X.picture - shift, y)
    context.fillStyle = palette.text
    const name = nameOf(editor, track)
    context.fillText(fitting(context, name, GUTTER_PX - text - 8), text, middle)
  })
}

/** Points down where a track's attributes are shown below it. */
function drawTriangle(context: CanvasRenderingContext2D, open: boolean, colour: string, middle: number): void {
  const x = NAME_X.triangle + 5
  context.fillStyle = colour
  context.beginPath()
  if (open) {
    context.moveTo(x - 4, middle - 2)
    context.lineTo(x + 4, middle - 2)
    context.lineTo(x, middle + 3)
  } else {
    context.moveTo(x - 2, middle - 4)
    context.lineTo(x + 3, middle)
    context.lineTo(x - 2, middle + 4)
  }
  context.fill()
}

/** The object, with its colour beside it; the colour alone until there is a picture. */
function drawPicture(
  context: CanvasRenderingContext2D,
  thumbnails: Thumbnails,
  track: Track,
  colour: string,
  x: number,
  y: number,
): void {
  const top = y + (ROW_PX - PICTURE_PX) / 2
  context.fillStyle = colour
  if (thumbnails.draw(context, track, x, top, PICTURE_PX)) {
    context.fillRect(x, top, 3, PICTURE_PX)
    return
  }
  context.fillRect(x + 5, y + ROW_PX / 2 - 5, 10, 10)
}

const FITTED_MOST = 4000
const fittedTexts = new Map<string, string>()

/** A text cut to a width, with an ellipsis. */
function fitting(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${width} ${text}`
  const known = fittedTexts.get(key)
  if (known !== undefined) return known
  let fitted = text
  while (fitted.length > 1 && context.measureText(fitted).width > width) fitted = `${fitted.slice(0, -2)}…`
  if (fittedTexts.size >= FITTED_MOST) fittedTexts.clear()
  fittedTexts.set(key, fitted)
  return fitted
}
