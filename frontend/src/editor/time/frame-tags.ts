/**
 * Frame tags: what holds of whole frames, e.g. "rain". All stretches of a tag are one track of its label, whose rows say
 * where it begins (a keyframe) and where it ends (an outside row; the last stretch ends with a keyframe).
 */
import { uuid } from '@/core/ids'
import { NO_PAYLOAD } from '@/geometry/kinds'
import type { Range } from '@/store/operations'
import type { FrameNumber, Label, Row, ShownShape, Track } from '@/store/types'
import type { Editor } from '@/editor/editor'
import { apply, isWhollyMine, lastFrame, rowsOf, tracksToChange, whenLoaded, type Change } from './edit'

export const isTagLabel = ({ geometry_kinds }: Pick<Label, 'geometry_kinds'>): boolean => geometry_kinds.includes('tag')

/** Whether something has a place in the picture. */
export const isPlaced = ({ kind }: Pick<ShownShape, 'kind'>): boolean => kind !== 'tag'

// ------------------------------------------------------------------ stretches, pure

/** Where rows of a track show something, in order; neighbouring stretches are one. */
export function stretchesOf(rows: readonly Row[]): Range[] {
  return rows.reduce<Range[]>((stretches, row, index) => {
    const end = (rows[index + 1]?.frame ?? row.frame + 1) - 1
    return row.outside ? stretches : withStretch(stretches, [row.frame, end])
  }, [])
}

export function withStretch(stretches: readonly Range[], [first, last]: Range): Range[] {
  const joined = stretches.filter(([from, to]) => from <= last + 1 && to >= first - 1)
  const others = stretches.filter((stretch) => !joined.includes(stretch))
  const whole: Range = [Math.min(first, ...joined.map(([from]) => from)), Math.max(last, ...joined.map(([, to]) => to))]
  return [...others, whole].sort(([a], [b]) => a - b)
}

export function withoutStretch(stretches: readonly Range[], [first, last]: Range): Range[] {
  return stretches.flatMap(([from, to]) => {
    const left: Range[] = [
      [from, Math.min(to, first - 1)],
      [Math.max(from, last + 1), to],
    ]
    return to < first || from > last ? [[from, to] as Range] : left.filter(([a, b]) => a <= b)
  })
}

export function rowsOfStretches(stretches: readonly Range[]): Row[] {
  return stretches.flatMap(([first, last], index) => {
    if (index < stretches.length - 1) return [tagRow(first), tagRow(last + 1, true)]
    return first === last ? [tagRow(first)] : [tagRow(first), tagRow(last)]
  })
}

const tagRow = (frame: FrameNumber, outside = false): Row => ({
  frame,
  kind: 'tag',
  keyframe: true,
  predicted: false,
  outside,
  occluded: false,
  doubtful: false,
  confidence: 1,
  bounds: [0, 0, 0, 0],
  payload: NO_PAYLOAD,
})

/** The frames around `frame` over which a tag stays as it is there, within `bounds`. */
export function sameAround(stretches: readonly Range[], frame: FrameNumber, [from, to]: Range): Range {
  const here = stretches.find(([first, last]) => frame >= first && frame <= last)
  if (here) return here
  const before = stretches.findLast(([, last]) => last < frame)
  const after = stretches.find(([first]) => first > frame)
  return [before ? before[1] + 1 : Math.min(from, frame), after ? after[0] - 1 : Math.max(to, frame)]
}

// ------------------------------------------------------------------ in the editor

function tracksOf(editor: Editor, label: Label): Track[] {
  const all = [...editor.store.records.tracks.value.values()]
  return all.filter((track) => track.label === label.id && !track.deleted).sort((a, b) => a.number - b.number)
}

export function hasTag(editor: Editor, label: Label, frame: FrameNumber): boolean {
  editor.store.records.version.value
  return tracksOf(editor, label).some(({ id }) => editor.store.queries.showsOn(id, frame))
}

export type Extent = 'onward' | 'until here' | 'this frame'

/**
 * Give a tag to frames, or take it from them: from this frame on until where it changes anyway, up to this frame, or on it
 * alone. A chosen range of frames around this one goes before.
 */
export function toggleTag(editor: Editor, label: Label, extent: Extent = 'onward'): void {
  if (!editor.mayDraw()) return
  const tracks = tracksToChange(
    editor,
    tracksOf(editor, label).map(({ id }) => id),
  )
  if (!tracks) return
  whenLoaded(editor, tracks, () => {
    const frame = editor.session.frame.value
    const stretches = tracks.flatMap((track) => stretchesOf(rowsOf(editor, track))).reduce<Range[]>(withStretch, [])
    const on = stretches.some(([first, last]) => frame >= first && frame <= last)
    const range =
      chosenRange(editor, frame) ??
      extentOf(
        extent,
        frame,
        sameAround(stretches, frame, [editor.bounds[0], Math.min(editor.bounds[1], lastFrame(editor))]),
      )
    const where = range[0] === range[1] ? `frame ${range[0]}` : `frames ${range[0]}–${range[1]}`
    const summary = `${label.name} ${on ? 'off' : 'on'}, ${where}`
    const done = tracks.length ? change(editor, tracks, summary, range, !on) : begin(editor, label, summary, range)
    if (done) editor.session.tell(`${summary}.`)
  })
}

function chosenRange({ session }: Editor, frame: FrameNumber): Range | null {
  const range = session.range.value
  return range && frame >= range[0] && frame <= range[1] ? range : null
}

function extentOf(extent: Extent, frame: FrameNumber, [first, last]: Range): Range {
  if (extent === 'this frame') return [frame, frame]
  return extent === 'onward' ? [frame, last] : [first, frame]
}

function begin(editor: Editor, label: Label, summary: string, range: Range): boolean {
  const track = uuid()
  return apply(editor, summary, [{ track, former: [], rows: rowsOfStretches([range]) }], (tx) =>
    tx.createTrack({ label: label.id }, track),
  )
}

/** A tag that is nowhere any more has no track. */
function change(editor: Editor, tracks: readonly string[], summary: string, range: Range, on: boolean): boolean {
  const gone: string[] = []
  const changes = tracks.flatMap((track, index): Change[] => {
    const former = rowsOf(editor, track)
    const stretches = stretchesOf(former)
    const next = on ? (index ? stretches : withStretch(stretches, range)) : withoutStretch(stretches, range)
    if (!next.length && isWhollyMine(editor, former)) gone.push(track)
    return next.length || !gone.includes(track) ? [{ track, former, rows: rowsOfStretches(next) }] : []
  })
  return apply(editor, summary, changes, (tx) => gone.forEach((track) => tx.updateTrack(track, { deleted: true })))
}
