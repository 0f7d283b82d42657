/** The layer that is compared with, over the one that is shown: dashed, in a colour of its own, only to be looked at. */
import type { Editor } from '@/editor/editor'
import { isPlaced } from '@/editor/time/frame-tags'
import { nameOf } from '@/editor/objects/name'
import { boxInView } from '@/geometry/view-transform'
import type { ShownShape } from '@/store/types'
import { paint } from './kinds'

export const OTHER_COLOUR = '#00e0ff'

export function drawOtherLayer(context: CanvasRenderingContext2D, editor: Editor, frame: number): void {
  const { comparing } = editor.store
  if (!comparing.overlay.value || !comparing.layer.value) return
  const pointed = comparing.otherTrack.value
  for (const shape of comparing.layer.value.queries.shapesAt(frame)) {
    if (!isPlaced(shape)) continue
    const isPointed = shape.track.id === pointed
    paint(context, editor.session.view.value, shape, {
      colour: OTHER_COLOUR,
      fill: 0,
      lineWidth: isPointed ? 3 : 1.5,
      dash: [6, 4],
      edges: editor.label(shape.track.label)?.skeleton?.edges ?? [],
    })
    if (isPointed) drawName(context, editor, shape)
  }
}

/** At the lower edge of the shape: the names of the shown layer are above theirs, its buttons below. */
function drawName(context: CanvasRenderingContext2D, editor: Editor, shape: ShownShape): void {
  const [x, , , y] = boxInView(editor.session.view.value, shape.bounds)
  const text = `${editor.store.comparing.other.value?.name}: ${nameOf(editor, shape.track)}`
  context.save()
  context.font = '12px "Inter", system-ui, sans-serif'
  context.textBaseline = 'middle'
  context.fillStyle = 'rgb(16 20 28 / 90%)'
  context.fillRect(x - 1, y - 19, context.measureText(text).width + 10, 18)
  context.fillStyle = OTHER_COLOUR
  context.fillText(text, x + 4, y - 9.5)
  context.restore()
}
