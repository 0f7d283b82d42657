/** What painting and filling have in common: which mask is worked on, and putting the result back. */
import type { Geometry } from '@/geometry/kinds'
import { maskWithout } from '@/geometry/rle'
import { intersects } from '@/geometry/box'
import { keyframe } from '@/store/chunks'
import type { Clicked } from '@/store/runs'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, Label, ShownShape, TrackId } from '@/store/types'
import type { Editor } from '@/editor/editor'

/** Whom the next stroke belongs to, and on which frame, whatever the playhead does until it ends. */
export type MaskTarget = { readonly frame: FrameNumber; readonly label: Label } & (
  { readonly track: TrackId; readonly shape: ShownShape } | { readonly track: null; readonly shape: null }
)

/** The one selected mask, or a new object of a label that may be a mask; null where nothing may be painted. */
export function maskTarget(editor: Editor): MaskTarget | null {
  const frame = editor.session.frame.value
  const [track, ...others] = editor.selected()
  const shape = track && !others.length ? editor.shapeToEdit(track) : null
  if (track && shape?.kind === 'mask') {
    const label = editor.label(shape.track.label)
    return label && editor.mayEdit(track) ? { frame, track, shape, label } : null
  }
  const label = editor.labelToDraw('mask')
  return label && editor.mayDraw() ? { frame, track: null, shape: null, label } : null
}

/**
 * Put a mask where it was worked on, as one step of undo. A mask without pixels is an object that isn't there. `grown`:
 * whether pixels were added, which others may then lose; `clicked`: what it came of. Returns whose mask it is; null: nobody's.
 */
export function putMask(
  editor: Editor,
  target: MaskTarget,
  mask: Geometry | null,
  grown: boolean,
  verb: string,
  clicked: Clicked | null = null,
): TrackId | null {
  const { frame } = target
  if (!mask && !target.track) return null
  const track = editor.store.transact(`${verb} ${target.label.name}`, (tx) => {
    const id = target.track ?? tx.createTrack({ label: target.label.id })
    if (mask) {
      tx.putRow(id, keyframe(frame, mask, { occluded: target.shape?.occluded ?? false }))
      if (clicked) tx.clicked.push({ ...clicked, track: id, frame })
    } else if (target.shape) tx.putRow(id, keyframe(frame, target.shape, { outside: true }))
    if (mask && grown && editor.brush.alone.value) takeFromOthers(editor, tx, id, mask, frame)
    return id
  })
  if (!target.track) editor.session.select(track)
  return track
}

/** Other masks of the frame lose the pixels of this one. */
function takeFromOthers(editor: Editor, tx: Transaction, track: TrackId, mask: Geometry, frame: number): void {
  for (const other of editor.store.queries.shapesAt(frame)) {
    if (
      other.track.id === track ||
      other.kind !== 'mask' ||
      other.track.locked ||
      !intersects(other.bounds, mask.bounds)
    )
      continue
    const rest = maskWithout(other, mask)
    if (rest === other) continue
    tx.putRow(
      other.track.id,
      rest ? keyframe(frame, rest, { occluded: other.occluded }) : keyframe(frame, other, { outside: true }),
    )
  }
}
