/** Shapes taken along: to another frame, to a new track, over the next frames. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { movedInside } from '@/geometry/kinds'
import { keyframe } from '@/store/chunks'
import type { Range } from '@/store/operations'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, Row, ShownShape, TrackId } from '@/store/types'
import { apply, lastFrame, rowsOf, tracksToChange, whenLoaded, type Change } from './edit'
import { gapAfter, indexFrom, type Rows } from './rows'

/** A copy on the frame that it was taken from lies this much, in px, beside the original. */
const BESIDE_PX = 12

export interface Copied {
  readonly frame: FrameNumber
  readonly shapes: readonly ShownShape[]
}

/** The shapes of the selected tracks on this frame. */
export function copyShapes(editor: Editor): void {
  const frame = editor.session.frame.value
  const shapes = editor
    .selected()
    .map((track) => editor.store.queries.shapeAt(track, frame))
    .filter((shape) => shape !== null)
  if (!shapes.length) {
    editor.session.tell(t('The selected tracks show nothing on this frame.'), 'error')
    return
  }
  editor.time.clipboard.value = { frame, shapes }
  editor.session.tell(counted(shapes.length, 'Shape copied.', '{count} shapes copied.'))
}

/**
 * Put what was copied on this frame. It goes on in its own track unless that would take a person's work away: on the frame
 * of the original, and where the track has a keyframe, it becomes a new track with the same label and attributes.
 */
export function pasteShapes(editor: Editor, alwaysNew = false): void {
  const copied = editor.time.clipboard.value
  if (!copied || !editor.mayDraw()) return
  const { session, store } = editor
  const frame = session.frame.value
  const continued: TrackId[] = []
  const pasted = store.transact(
    copied.shapes.length === 1 ? 'Paste shape' : `Paste ${copied.shapes.length} shapes`,
    (tx) =>
      copied.shapes.map((shape) => {
        if (alwaysNew || !continuesTrack(editor, copied, shape))
          return pasteNew(editor, tx, shape, frame === copied.frame)
        tx.putRow(shape.track.id, keyframe(frame, shape, { occluded: shape.occluded }))
        continued.push(shape.track.id)
        return shape.track.id
      }),
  )
  session.select(...pasted)
  editor.following.edited(continued, frame)
}

function continuesTrack(editor: Editor, copied: Copied, { track }: ShownShape): boolean {
  const { records, queries } = editor.store
  const now = records.track(track.id)
  const frame = editor.session.frame.value
  return (
    now !== null && !now.deleted && !now.locked && frame !== copied.frame && !queries.rowAt(track.id, frame)?.keyframe
  )
}

function pasteNew(editor: Editor, tx: Transaction, shape: ShownShape, beside: boolean): TrackId {
  const { label, colour, attributes } = editor.store.records.track(shape.track.id) ?? shape.track
  const id = tx.createTrack({
    label,
    ...(colour ? { colour } : {}),
    ...(Object.keys(attributes).length ? { attributes: { ...attributes } } : {}),
  })
  const geometry = beside ? movedInside(shape, BESIDE_PX, BESIDE_PX, editor.config.video) : shape
  tx.putRow(id, keyframe(editor.session.frame.value, geometry, { occluded: shape.occluded }))
  return id
}

/** The shapes of this frame stay as they are up to frame `to`, later or earlier; whatever was there on the way goes. */
export function propagate(editor: Editor, to: FrameNumber): void {
  const frame = editor.session.frame.value
  const goal = Math.min(Math.max(to, 0), lastFrame(editor))
  const tracks = tracksToChange(editor)
  if (!tracks || goal === frame) return
  whenLoaded(editor, tracks, () => {
    const changes = tracks.flatMap((track) => propagated(editor, track, frame, goal))
    if (!changes.length) {
      editor.session.tell(t('The selected tracks show nothing on this frame.'), 'error')
      return
    }
    const [first, last] = [Math.min(frame, goal), Math.max(frame, goal)]
    if (apply(editor, `Propagate to frame ${goal}`, changes))
      editor.session.tell(t('The shape stays the same on frames {first}–{last}.', { first, last }))
  })
}

function propagated(editor: Editor, track: TrackId, frame: FrameNumber, goal: FrameNumber): Change[] {
  const shape = editor.store.queries.shapeAt(track, frame)
  if (!shape) return []
  const former = rowsOf(editor, track)
  const row = former[indexFrom(former, frame)]
  const here = row?.frame === frame && row.keyframe ? row : keyframe(frame, shape, { occluded: shape.occluded })
  const there = { ...here, frame: goal }
  const range = [Math.min(frame, goal), Math.max(frame, goal)] as const
  const shownAfter = editor.store.queries.shapeAt(track, range[1] + 1) !== null
  return [{ track, former, rows: held(former, range, goal > frame ? [here, there] : [there, here], shownAfter) }]
}

/** Rows with a stretch that is the same from its first to its last row; a gap after it stays one. */
function held(rows: Rows, [first, last]: Range, ends: readonly [Row, Row], shownAfter: boolean): Row[] {
  const after = rows.slice(indexFrom(rows, last + 1))
  const gap = after[0] && !shownAfter && after[0].frame > last + 1 ? [gapAfter(ends[1])] : []
  return [...rows.slice(0, indexFrom(rows, first)), ...ends, ...gap, ...after]
}
