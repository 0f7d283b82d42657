import { counted, t } from '@/core/text'
import { putParts } from '@/editor/shapes/parts'
import type { Point } from '@/geometry/box'
import { kindOf, type Geometry } from '@/geometry/kinds'
import { ofVertices, verticesOf } from '@/geometry/kinds/vertex-list'
import { slicedMask, slicedPolygon } from '@/geometry/slicing'
import type { ShownShape } from '@/store/types'
import { PathDrawing } from '../path/drawing'

/** A line through the selected polygons and masks, or without any through all that it meets, cuts them into parts. */
export class SliceDrawing extends PathDrawing {
  static readonly id = 'slice.drawing'
  protected override readonly kind = 'polyline'
  protected override readonly least = 2
  protected override readonly sticks = false

  protected override complete(line: readonly Point[]): void {
    const { editor, frame } = this
    const cut = this.met().flatMap((shape) => {
      const parts = partsOf(shape, line)
      return parts.length > 1 && editor.mayEdit(shape.track.id) ? [{ shape, parts }] : []
    })
    if (!cut.length) {
      editor.session.tell(t('Draw the line through a polygon or a mask, from one side to the other.'))
      return
    }
    const tracks = editor.store.transact(
      `Slice ${cut.length === 1 ? kindOf(cut[0]!.shape).name : `${cut.length} objects`}`,
      (tx) => cut.flatMap(({ shape, parts }) => putParts(tx, shape, frame, parts)),
    )
    editor.session.select(...tracks)
    const more = tracks.length - cut.length
    editor.session.tell(
      counted(
        more,
        'The smaller part is an object of its own now, on this frame.',
        '{count} smaller parts are objects of their own now, on this frame.',
      ),
    )
    if (!editor.keepsTool.value) editor.useTool('select')
  }

  private met(): ShownShape[] {
    const { session, store } = this.editor
    const shapes = store.queries
      .shapesAt(this.frame)
      .filter(({ kind, track }) => (kind === 'polygon' || kind === 'mask') && !session.isHidden(track.id, this.frame))
    const selected = shapes.filter(({ track }) => session.selection.value.has(track.id))
    return selected.length ? selected : shapes.filter(({ track }) => !track.locked)
  }
}

/** The largest part first. */
function partsOf(shape: ShownShape, line: readonly Point[]): readonly Geometry[] {
  if (shape.kind === 'mask') return slicedMask(shape, line)
  const parts = slicedPolygon(verticesOf(shape), line).map((part) => ofVertices('polygon', part))
  return parts.sort((a, b) => kindOf(b).area(b) - kindOf(a).area(a))
}
