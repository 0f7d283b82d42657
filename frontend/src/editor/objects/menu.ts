/** Where actions for the selected objects appear on the picture: the bar beside them, and the menu. CSS px of the canvas. */
import { united, type Box, type Point } from '@/geometry/box'
import { boxInView } from '@/geometry/view-transform'
import type { Editor } from '@/editor/editor'
import { isPlaced } from '@/editor/time/frame-tags'
import type { PointerAt } from '@/editor/tool'

export interface Size {
  readonly width: number
  readonly height: number
}

/** Room for handles. */
const GAP = 12
/** Above stands the tag, too. */
const GAP_ABOVE = 34
const EDGE = 6

/** A place for something of `size` beside a box, never over it; null where there is none or the box is out of view. */
export function placeBeside([x1, y1, x2, y2]: Box, size: Size, room: Size): Point | null {
  if (x2 < 0 || y2 < 0 || x1 > room.width || y1 > room.height) return null
  const most = { x: room.width - size.width - EDGE, y: room.height - size.height - EDGE }
  const x = clamped((Math.max(x1, 0) + Math.min(x2, room.width) - size.width) / 2, EDGE, most.x)
  const y = clamped((Math.max(y1, 0) + Math.min(y2, room.height) - size.height) / 2, EDGE, most.y)
  const places: readonly Point[] = [
    { x, y: Math.max(y2 + GAP, EDGE) },
    { x, y: Math.min(y1 - GAP_ABOVE - size.height, most.y) },
    { x: Math.max(x2 + GAP, EDGE), y },
    { x: Math.min(x1 - GAP - size.width, most.x), y },
  ]
  return places.find((place) => place.x >= EDGE && place.y >= EDGE && place.x <= most.x && place.y <= most.y) ?? null
}

const clamped = (value: number, least: number, most: number) => Math.max(Math.min(value, most), least)

/** The box around all selected shapes, or ghosts, on this frame; null without any. */
export function selectionInView(editor: Editor): Box | null {
  const { session } = editor
  editor.selectionHere.value
  let around: Box | null = null
  for (const id of session.selection.value) {
    const shape = session.isHidden(id, session.frame.value) ? null : editor.shapeToEdit(id)
    if (shape && isPlaced(shape)) around = around ? united(around, shape.bounds) : shape.bounds
  }
  return around && boxInView(session.view.value, around)
}

/** Open the menu for what lies at the pointer, which is selected for it. Returns whether there is anything. */
export function openMenuAt(editor: Editor, at: PointerAt): boolean {
  const hit = editor.hit(at.point)
  if (!hit) return false
  if (!editor.session.selection.value.has(hit.track)) editor.session.select(hit.track)
  editor.menuAt.value = at.view
  return true
}

/** Open the menu beside the selected objects. */
export function openMenuOfSelection(editor: Editor): void {
  const box = selectionInView(editor)
  if (box) editor.menuAt.value = { x: Math.max(box[0], 0), y: Math.max(box[3], 0) + EDGE }
}
