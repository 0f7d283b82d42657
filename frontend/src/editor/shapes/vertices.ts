/** Adding and removing single vertices and points of shapes that exist. */
import { t } from '@/core/text'
import type { Point } from '@/geometry/box'
import { kindOf, type Grip } from '@/geometry/kinds'
import type { Editor } from '@/editor/editor'
import { REACH } from './hit-test'

/**
 * Remove the vertex or point under the pointer. Returns false where none is meant: the pointer is elsewhere, or what lay
 * under it has moved away.
 */
export function removeHovered(editor: Editor): boolean {
  const hovered = editor.hoveredGrip.value
  const shape = hovered && editor.session.selection.value.has(hovered.track) ? editor.shapeToEdit(hovered.track) : null
  const { without, grips, name } = kindOf(shape ?? { kind: 'box' })
  if (
    !hovered ||
    !shape ||
    !without ||
    !grips(shape).some((grip) => grip.look === 'round' && isSame(grip, hovered.grip))
  )
    return false
  const left = without(shape, hovered.grip.id)
  if (left) editor.reshape(hovered.track, () => left)
  else
    editor.session.tell(
      t('A {kind} can’t do with fewer points. Move the pointer off it to delete the whole shape here.', {
        kind: t(name),
      }),
    )
  return true
}

const isSame = (a: Grip, b: Grip) => a.id === b.id && a.at.x === b.at.x && a.at.y === b.at.y

/** Add a vertex where a side of a selected shape passes; returns whether one does. */
export function addVertex(editor: Editor, at: Point): boolean {
  const reach = REACH / editor.session.view.value.scale
  const shape = editor
    .visibleShapes()
    .find((each) => editor.session.selection.value.has(each.track.id) && kindOf(each).divided?.(each, at, reach))
  if (!shape) return false
  editor.reshape(shape.track.id, (each) => kindOf(each).divided?.(each, at, reach) ?? null)
  return true
}
