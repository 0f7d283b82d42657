/** Which object a stretch of shapes belongs to: splitting a track, and exchanging two from a frame on. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, Track, TrackId } from '@/store/types'
import { apply, putMine, rowsOf, tracksToChange, whenLoaded, type Change } from './edit'
import { begun, cut, joined } from './rows'
import { mapSteps, simplified, stepsAfter, stepsBefore, stepsFrom, valueAt, type FrameAttributes } from '@/store/steps'

/** From this frame on the selected tracks become tracks of their own, with the same label and attributes. */
export function splitHere(editor: Editor, at: FrameNumber = editor.session.frame.value): void {
  const tracks = tracksToChange(editor)
  if (tracks) whenLoaded(editor, tracks, () => split(editor, tracks, at))
}

function split(editor: Editor, tracks: readonly TrackId[], at: FrameNumber): void {
  const { session, store } = editor
  const planned = tracks.map((track) => {
    const former = rowsOf(editor, track)
    const [head, tail] = cut(former, at)
    return { track, former, head, tail: begun(tail) }
  })
  const parted = planned.filter(({ head, tail }) => head.length && tail.length)
  if (!parted.length) {
    session.tell(t('There is nothing to split: the track has shapes on one side of this frame only.'), 'error')
    return
  }
  const made: TrackId[] = []
  const changes = parted.map(({ track, former, head }) => ({ track, former, rows: head }))
  const done = apply(editor, parted.length === 1 ? 'Split track' : `Split ${parted.length} tracks`, changes, (tx) => {
    for (const { track, tail } of parted) {
      const id = tx.createTrack(fieldsOf(store.records.track(track)!, at))
      putMine(editor, tx, id, tail)
      keepSteps(tx, store.records.track(track)!, at)
      made.push(id)
    }
  })
  if (!done) return
  session.select(...made)
  session.tell(
    counted(
      parted.length,
      'Split: from frame {frame} on it is a track of its own.',
      'Split {count} tracks at frame {frame}.',
      { frame: at },
    ),
  )
}

/** From this frame on each of two tracks goes on with the shapes of the other. */
export function swapFromHere(editor: Editor, at: FrameNumber = editor.session.frame.value): void {
  const tracks = tracksToChange(editor)
  const [one, other] = tracks ?? []
  if (!tracks) return
  if (one === undefined || other === undefined || tracks.length > 2)
    editor.session.tell(t('Select exactly two tracks to swap them from here on.'), 'error')
  else whenLoaded(editor, tracks, () => swapTracks(editor, one, other, at))
}

/** As `swapFromHere`, of two tracks all of whose shapes are here. Returns whether it was done. */
export function swapTracks(editor: Editor, one: TrackId, other: TrackId, at: FrameNumber): boolean {
  const { session, store } = editor
  const [mine, theirs] = [rowsOf(editor, one), rowsOf(editor, other)]
  const [[head, tail], [otherHead, otherTail]] = [cut(mine, at), cut(theirs, at)]
  if (!tail.length && !otherTail.length) {
    session.tell(t('Neither track has a shape from this frame on.'), 'error')
    return false
  }
  const changes: Change[] = [
    { track: one, former: mine, rows: joined(head, otherTail) },
    { track: other, former: theirs, rows: joined(otherHead, tail) },
  ]
  const [a, b] = [store.records.track(one)!, store.records.track(other)!]
  const done = apply(editor, 'Swap two tracks', changes, (tx) => {
    // Values that follow the object go with its shapes; those of another label would mean nothing.
    if (a.label === b.label) exchangeSteps(tx, a, b, at)
  })
  if (done)
    session.tell(
      t('Swapped {one} and {other} from frame {frame} on.', {
        one: nameOf(editor, one),
        other: nameOf(editor, other),
        frame: at,
      }),
    )
  return done
}

/** What a new track on the frames from `at` up to before `end` takes over from the one that it was part of. */
export function fieldsOf(track: Track, at: FrameNumber, end: FrameNumber = Infinity) {
  const steps = mapSteps(track.frame_attributes, (each) => stepsBefore(stepsFrom(each, at), end))
  return {
    label: track.label,
    ...(track.colour ? { colour: track.colour } : {}),
    ...(Object.keys(track.attributes).length ? { attributes: { ...track.attributes } } : {}),
    ...(Object.keys(steps).length ? { frame_attributes: steps } : {}),
  }
}

function keepSteps(tx: Transaction, track: Track, at: FrameNumber): void {
  if (Object.keys(track.frame_attributes).length) {
    tx.updateTrack(track.id, { frame_attributes: mapSteps(track.frame_attributes, (steps) => stepsBefore(steps, at)) })
  }
}

function exchangeSteps(tx: Transaction, a: Track, b: Track, at: FrameNumber): void {
  const names = [...new Set([...Object.keys(a.frame_attributes), ...Object.keys(b.frame_attributes)])]
  if (!names.length) return
  const spliced = (head: FrameAttributes, tail: FrameAttributes) => {
    const heads = Object.fromEntries(names.map((name) => [name, head[name] ?? []]))
    return mapSteps(heads, (steps, name) =>
      simplified([...stepsBefore(steps, at), [at, valueAt(tail[name] ?? [], at)], ...stepsAfter(tail[name] ?? [], at)]),
    )
  }
  tx.updateTrack(a.id, { frame_attributes: spliced(a.frame_attributes, b.frame_attributes) })
  tx.updateTrack(b.id, { frame_attributes: spliced(b.frame_attributes, a.frame_attributes) })
}
