/** Several tracks as one: what the merged track shows on every frame, and where they are at odds. Pure. */
import type { Range } from '@/store/operations'
import type { FrameNumber, Row, Track, TrackId } from '@/store/types'
import { gapAfter, keyframed, parts, type Rows } from './rows'
import { mapSteps, simplified, stepsAfter, valueAt, type FrameAttributes } from '@/store/steps'

export interface Source {
  readonly track: Track
  readonly rows: Rows
}

/** A stretch on which two of the tracks show a shape. */
export interface Conflict {
  /** The same as long as the tracks are. */
  readonly key: string
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly winner: TrackId
  readonly loser: TrackId
  /** Keyframes of the loser that find no place. */
  readonly lost: number
}

export interface Merge {
  readonly rows: Row[]
  readonly conflicts: readonly Conflict[]
  /** Who gives which stretch, in order. */
  readonly stretches: readonly Stretch[]
}

/** A track's shapes without a gap. They are shown up to `last`, which may lie beyond the last row: before a gap a shape is held. */
interface Stretch {
  readonly owner: TrackId
  readonly rows: Rows
  readonly last: FrameNumber
}

/** By conflict key: who wins there instead of the one that comes first. */
export type Choices = ReadonlyMap<string, TrackId>

/**
 * Merge tracks, which come in order of preference. Where two show a shape, the earlier one wins unless `choices` says
 * otherwise; yet a keyframe of the loser replaces a mere prediction of the winner. Where one ends and another goes on
 * is a gap, or with `fills` what is between them is interpolated.
 */
export function planMerge(sources: readonly Source[], choices: Choices = new Map(), fills = false): Merge {
  const conflicts: Conflict[] = []
  const stretches = sources.map(stretchesOf).reduce((merged, next) => fold(merged, next, choices, conflicts), [])
  return { rows: assembled(stretches, fills), conflicts: conflicts.sort((a, b) => a.first - b.first), stretches }
}

/** The values along the merged track: each owner's on its stretches, where it has the same label. */
export function mergedSteps(kept: Track, sources: readonly Source[], stretches: readonly Stretch[]): FrameAttributes {
  const alike = new Map(
    sources.filter(({ track }) => track.label === kept.label).map(({ track }) => [track.id, track.frame_attributes]),
  )
  const names = new Set([...alike.values()].flatMap((attributes) => Object.keys(attributes)))
  return mapSteps(Object.fromEntries([...names].map((name) => [name, []])), (_, name) =>
    simplified(
      stretches.flatMap(({ owner, rows, last }) => {
        const steps = alike.get(owner)?.[name] ?? []
        const first = rows[0]!.frame
        return [[first, valueAt(steps, first)] as const, ...stepsAfter(steps, first).filter(([frame]) => frame <= last)]
      }),
    ),
  )
}

function stretchesOf({ track, rows }: Source): Stretch[] {
  const found: Stretch[] = []
  let from: Row[] = []
  const end = (last: FrameNumber) => {
    if (from.length) found.push({ owner: track.id, rows: from, last })
    from = []
  }
  for (const row of rows) {
    if (row.outside) end(row.frame - 1)
    else from.push(row)
  }
  end(from.at(-1)?.frame ?? 0)
  return found
}

interface Decision {
  readonly range: Range
  readonly winner: Stretch
  readonly loser: Stretch
}

function fold(
  merged: readonly Stretch[],
  next: readonly Stretch[],
  choices: Choices,
  conflicts: Conflict[],
): Stretch[] {
  const decisions = merged.flatMap((one) => next.flatMap((other) => decide(one, other, choices)))
  for (const {
    range: [first, last],
    winner,
    loser,
  } of decisions) {
    const keyframes = keyframesIn(loser, [first, last])
    const kept = replacing(winner, keyframes).length
    conflicts.push({
      key: keyOf(winner, loser, first),
      first,
      last,
      winner: winner.owner,
      loser: loser.owner,
      lost: keyframes.length - kept,
    })
  }
  return [...merged, ...next]
    .flatMap((stretch) => settled(stretch, decisions))
    .sort((a, b) => a.rows[0]!.frame - b.rows[0]!.frame)
}

function decide(one: Stretch, other: Stretch, choices: Choices): Decision[] {
  const [first, last] = [Math.max(one.rows[0]!.frame, other.rows[0]!.frame), Math.min(one.last, other.last)]
  if (first > last) return []
  const flipped = choices.get(keyOf(one, other, first)) === other.owner
  return [{ range: [first, last], winner: flipped ? other : one, loser: flipped ? one : other }]
}

/** A stretch without what it lost, and with keyframes of others where it only had predictions. */
function settled(stretch: Stretch, decisions: readonly Decision[]): Stretch[] {
  const gained = decisions
    .filter(({ winner }) => winner === stretch)
    .flatMap(({ loser, range }) => replacing(stretch, keyframesIn(loser, range)))
  const better = new Map(gained.map((row) => [row.frame, row]))
  const kept = better.size ? { ...stretch, rows: stretch.rows.map((row) => better.get(row.frame) ?? row) } : stretch
  const lost = decisions.filter(({ loser }) => loser === stretch)
  return lost.reduce<Stretch[]>((left, { range }) => left.flatMap((each) => without(each, range)), [kept])
}

const keyframesIn = ({ rows }: Stretch, [first, last]: Range): Row[] =>
  rows.filter(({ frame, keyframe }) => keyframe && frame >= first && frame <= last)

/** Those of the keyframes that lie on a prediction of the stretch. */
function replacing({ rows }: Stretch, keyframes: readonly Row[]): Row[] {
  const predicted = new Set(rows.filter((row) => row.predicted).map(({ frame }) => frame))
  return keyframes.filter(({ frame }) => predicted.has(frame))
}

function without(stretch: Stretch, [first, last]: Range): Stretch[] {
  const end = stretch.rows.at(-1)!
  const rows = end.frame < stretch.last ? [...stretch.rows, keyframed(end, stretch.last)] : stretch.rows
  const [before, , after] = parts(rows, [first, last])
  return [
    ...(before.length ? [{ ...stretch, rows: before, last: before.at(-1)!.frame }] : []),
    ...(after.length ? [{ ...stretch, rows: after }] : []),
  ]
}

function assembled(stretches: readonly Stretch[], fills: boolean): Row[] {
  const all: Row[] = []
  stretches.forEach(({ owner, rows, last }, index) => {
    for (const row of rows) all.push(row)
    const after = stretches[index + 1]
    const end = rows.at(-1)!
    if (!after) return
    const filled = fills && after.owner !== owner
    if (after.rows[0]!.frame > last + 1 && !filled) all.push(gapAfter(end, last + 1))
    else if (end.frame < last) all.push(keyframed(end, last))
  })
  return all
}

const keyOf = (one: Stretch, other: Stretch, first: FrameNumber) =>
  `${[one.owner, other.owner].sort().join(' ')} ${first}`
