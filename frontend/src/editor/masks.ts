/** What painting and filling have in common: which mask is worked on, and putting the result back. */
import type { Geometry } from '@/geometry/kinds'
import { maskWithout } from '@/geometry/rle'
import { intersects } from '@/geometry/box'
import { keyframe } from '@/store/chunks'
import type { Transaction } from '@/store/transaction'
import type { Label, ShownShape, TrackId } from '@/store/types'
import type { Editor } from './editor'

/** Whom the next stroke belongs to. */
export type MaskTarget = { readonly track: TrackId; readonly shape: ShownShape; readonly label: Label } | { readonly track: null; readonly shape: null; readonly label: Label }

/** The one selected mask, or a new object of a label that may be a mask; null where nothing may be painted. */
export function maskTarget(editor: Editor): MaskTarget | null {
  const [track, ...others] = editor.selected()
  const shape = track && !others.length ? editor.shapeToEdit(track) : null
  if (track && shape?.kind === 'mask') {
    const label = editor.label(shape.track.label)
    return label && editor.mayEdit(track) ? { track, shape, label } : null
  }
  const label = editor.labelToDraw('mask')
  return label && editor.mayDraw() ? { track: null, shape: null, label } : null
}

/** Put a mask where it was worked on, as one step of undo. A mask without pixels is an object that isn't there. */
export function putMask(editor: Editor, target: MaskTarget, mask: Geometry | null, verb: string): void {
  const frame = editor.session.frame.value
  if (!mask && !target.track) return
  const track = editor.store.transact(`${verb} ${target.label.name}`, (tx) => {
    const id = target.track ?? tx.createTrack({ label: target.label.id })
    if (mask) tx.putRow(id, keyframe(frame, mask, { occluded: target.shape?.occluded ?? false }))
    else if (target.shape) tx.putRow(id, keyframe(frame, target.shape, { outside: true }))
    if (mask && editor.brush.alone.value) takeFromOthers(editor, tx, id, mask, frame)
    return id
  })
  if (!target.track) editor.session.select(track)
}

/** Other masks of the frame lose the pixels of this one. */
function takeFromOthers(editor: Editor, tx: Transaction, track: TrackId, mask: Geometry, frame: number): void {
  for (const other of editor.visibleShapes()) {
    if (other.track.id === track || other.kind !== 'mask' || other.track.locked || !intersects(other.bounds, mask.bounds)) continue
    const rest = maskWithout(other, mask)
    if (rest === other) continue
    tx.putRow(other.track.id, rest ? keyframe(frame, rest, { occluded: other.occluded }) : keyframe(frame, other, { outside: true }))
  }
}
