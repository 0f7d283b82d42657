/** What can be done with tracks on a range of frames, or on all frames where none is chosen. Each is one step of undo. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import { kindOf } from '@/geometry/kinds'
import type { Range } from '@/store/operations'
import type { Transaction } from '@/store/transaction'
import type { Label, Row, TrackId } from '@/store/types'
import { apply, lastFrame, putMine, rowsOf, shared, spelt, tracksToChange, whenLoaded, type Change } from './edit'
import { begun, joined, parts, type Rows } from './rows'
import { mapSteps } from '@/store/steps'

/** A track with its rows, which are all here. */
interface Loaded {
  readonly track: TrackId
  readonly former: Rows
}

/** The chosen frames, or all of them. */
export const chosenRange = (editor: Editor): Range => editor.session.range.value ?? [0, lastFrame(editor)]

export function deleteInRange(editor: Editor): void {
  const range = myPart(editor, chosenRange(editor))
  if (range) change(editor, range, 'Delete shapes', (each) => deleted(each, range))
}

/** Of these tracks everything from a frame on goes. */
export function deleteFrom(editor: Editor, frame: number): void {
  const range = myPart(editor, [frame, lastFrame(editor)])
  if (range) change(editor, range, 'Delete from here on', (each) => deleted(each, range))
}

/** Nothing is left of the tracks beyond the range. */
export function trimToRange(editor: Editor): void {
  const [first, last] = chosenRange(editor)
  if (!editor.session.range.value) {
    askForRange(editor)
    return
  }
  const beyond = [
    [0, first - 1],
    [last + 1, lastFrame(editor)],
  ] as const
  change(editor, [first, last], 'Trim to range', ({ track, former }) => {
    const rows = begun(parts(former, [first, last])[1])
    // A track with nothing there would be lost as a whole: that is what deleting is for.
    return rows.length ? { track, former, rows, whole: beyond.filter(([from, to]) => from <= to) } : null
  })
}

/** The shapes move in time; what they come to lie on goes, where they were is a gap. */
export function shiftInTime(editor: Editor, by: number): void {
  const range = chosenRange(editor)
  const whole = editor.session.range.value === null
  const outOfVideo: TrackId[] = []
  change(
    editor,
    range,
    `Shift by ${by} frames`,
    ({ track, former }) => {
      const [before, within, after] = parts(former, range)
      const moved = begun(within).map((row) => ({ ...row, frame: row.frame + by }))
      const [start, end] = [moved[0], moved.at(-1)]
      if (!start || !end || by === 0) return null
      if (start.frame < 0 || end.frame > lastFrame(editor)) outOfVideo.push(track)
      const [head, , tail] = parts(joined(before, after), [start.frame, end.frame])
      return { track, former, rows: joined(head, moved, tail) }
    },
    (tx, tracks) => {
      if (whole) for (const track of tracks) shiftSteps(editor, tx, track, by)
    },
    () =>
      outOfVideo.length
        ? t('{name} would leave the video. Shift by fewer frames.', { name: nameOf(editor, outOfVideo[0]!) })
        : null,
  )
}

/** The shapes move in the picture, by px. */
export function shiftInSpace(editor: Editor, dx: number, dy: number): void {
  const range = myPart(editor, chosenRange(editor))
  if (!range || (!dx && !dy)) return
  change(editor, range, 'Move shapes', ({ track, former }) => {
    const [before, within, after] = parts(former, range)
    if (!within.length) return null
    return { track, former, rows: [...before, ...within.map((row) => movedRow(row, dx, dy)), ...after] }
  })
}

/** The shape of this frame on every frame of the range. */
export function propagateOverRange(editor: Editor): void {
  if (!editor.session.range.value) {
    askForRange(editor)
    return
  }
  const range = myPart(editor, chosenRange(editor))
  const frame = editor.session.frame.value
  if (!range) return
  change(editor, range, 'Propagate over range', ({ track, former }) => {
    const shape = editor.store.queries.shapeAt(track, frame)
    if (!shape) return null
    const { kind, bounds, payload, occluded } = shape
    const row = {
      kind,
      bounds,
      payload,
      occluded,
      keyframe: true,
      predicted: false,
      outside: false,
      doubtful: false,
      confidence: 1,
    }
    const [before, , after] = parts(former, range)
    const held = [...new Set(range)].map((at): Row => ({ ...row, frame: at }))
    return { track, former, rows: joined(before, held, after), whole: [range] }
  })
}

/** Another label: for a whole track, or for the stretch in the range, which becomes a track of its own. */
export function relabel(editor: Editor, label: Label): void {
  const range = chosenRange(editor)
  const made: { rows: Rows }[] = []
  const whole: TrackId[] = []
  change(
    editor,
    range,
    `Label ${label.name}`,
    ({ track, former }) => {
      const [before, within, after] = parts(former, range)
      const rows = begun(within)
      if (!rows.length || editor.store.records.track(track)?.label === label.id) return null
      if (!before.length && !after.length) {
        whole.push(track)
        return { track, former, rows: former }
      }
      made.push({ rows })
      return { track, former, rows: joined(before, after) }
    },
    (tx) => {
      for (const track of whole) tx.updateTrack(track, { label: label.id })
      for (const { rows } of made) putMine(editor, tx, tx.createTrack({ label: label.id }), rows)
    },
    (changes) => unfit(changes, label, range),
  )
}

/** Hide the selected tracks on the range, or show them there again; only here, not for others. */
export function hideInRange(editor: Editor): void {
  const { session } = editor
  const range = session.range.value
  if (range) session.toggleHiddenOn(editor.selected(), ...range)
  else askForRange(editor)
}

/** Plan a change of every selected track, and make those that there are. `objection`: why it can’t be done after all. */
function change(
  editor: Editor,
  range: Range,
  summary: string,
  plan: (each: Loaded) => Change | null,
  more: (tx: Transaction, tracks: readonly TrackId[]) => void = () => undefined,
  objection: (changes: readonly Change[]) => string | null = () => null,
): void {
  const tracks = tracksToChange(editor)
  if (!tracks?.length) return
  whenLoaded(editor, tracks, () => {
    const changes = tracks
      .map((track) => plan({ track, former: rowsOf(editor, track) }))
      .filter((planned) => planned !== null)
    const why = changes.length
      ? objection(changes)
      : t('The selected tracks have nothing to change on frames {frames}.', { frames: spelt([range]) })
    if (why !== null) editor.session.tell(why, 'error')
    else if (
      apply(editor, summary, changes, (tx) =>
        more(
          tx,
          changes.map(({ track }) => track),
        ),
      )
    )
      tellDone(editor, summary, changes.length, range)
  })
}

function tellDone(editor: Editor, summary: string, count: number, range: Range): void {
  const whole = range[0] === 0 && range[1] === lastFrame(editor)
  const tracks = counted(count, 'one track', '{count} tracks')
  editor.session.tell(
    whole
      ? `${summary}: ${tracks}.`
      : t('{summary}: {tracks}, frames {frames}.', { summary, tracks, frames: spelt([range]) }),
  )
}

function deleted({ track, former }: Loaded, range: Range): Change | null {
  const [before, within, after] = parts(former, range)
  return within.length ? { track, former, rows: joined(before, after), whole: [range] } : null
}

/** The part of a range that this person may change; says so when there is none. */
function myPart(editor: Editor, range: Range): Range | null {
  const { editable_ranges: editable } = editor.config
  const mine = shared(range, editable)
  const frame = editor.session.frame.value
  const part = mine.find(([first, last]) => frame >= first && frame <= last) ?? mine[0]
  if (!part && tracksToChange(editor))
    editor.session.tell(
      t('Your job covers frames {frames}; the range lies beyond them.', { frames: spelt(editable) }),
      'error',
    )
  return part ?? null
}

function askForRange(editor: Editor): void {
  editor.session.tell(t('Choose a range of frames first: drag over the ruler with Shift held.'), 'error')
}

function movedRow(row: Row, dx: number, dy: number): Row {
  const { bounds, payload } = kindOf(row).moved(row, dx, dy)
  return { ...row, bounds, payload }
}

function shiftSteps(editor: Editor, tx: Transaction, id: TrackId, by: number): void {
  const track = editor.store.records.track(id)
  if (!track || !Object.keys(track.frame_attributes).length) return
  const end = lastFrame(editor)
  // A value from before the first frame holds from there.
  const shifted = (frame: number) => Math.max(frame + by, 0)
  tx.updateTrack(id, {
    frame_attributes: mapSteps(track.frame_attributes, (steps) => {
      const moved = steps.map(([frame, value]) => [shifted(frame), value] as const).filter(([frame]) => frame <= end)
      return moved.filter(([frame], index) => moved[index + 1]?.[0] !== frame)
    }),
  })
}

/** Why a label can’t be given: its shapes are of other kinds. */
function unfit(changes: readonly Change[], label: Label, range: Range): string | null {
  const kinds = new Set(changes.flatMap(({ former }) => parts(former, range)[1].map(({ kind }) => kind)))
  const foreign = [...kinds].find((kind) => !label.geometry_kinds.includes(kind))
  return foreign
    ? t('{label} is not drawn as {kind}: allow it in the label editor first.', {
        label: label.name,
        kind: t(foreign.replace('_', ' ')),
      })
    : null
}
