/** Changes as a person tells them: forty nudges, or all that a run stored, are one line. Pure. */
import type { ChangeOut } from '@/protocol/generated'
import type { FrameNumber, TrackId } from './types'

/** Changes of one line, newest first. */
export interface ChangeGroup {
  readonly changes: readonly [ChangeOut, ...ChangeOut[]]
  readonly tracks: readonly TrackId[]
  /** How many tracks changed at least; more than `tracks` has where an event named only some. */
  readonly trackCount: number
  readonly first: FrameNumber | null
  readonly last: FrameNumber | null
  /** Whether the person took it back since. */
  readonly undone: boolean
}

/** Longest pause within one line, in ms. */
const PAUSE_MS = 120_000

/** Group changes, which are listed newest first. A run's changes are one line even where people edit in between. */
export function grouped(changes: readonly ChangeOut[]): ChangeGroup[] {
  const undone = new Set(changes.map(({ undoes }) => undoes))
  const groups: ChangeOut[][] = []
  for (const change of changes) {
    const open =
      change.run === null
        ? groups.findLast(([newest]) => newest!.run === null)
        : groups.findLast(([newest]) => newest!.run === change.run)
    if (open && belongs(open.at(-1)!, change, undone)) open.push(change)
    else groups.push([change])
  }
  return groups.map((group) => summed(group as [ChangeOut, ...ChangeOut[]], undone))
}

function belongs(newer: ChangeOut, older: ChangeOut, undone: ReadonlySet<string | null>): boolean {
  if (Date.parse(newer.at) - Date.parse(older.at) > PAUSE_MS) return false
  if (newer.run !== null) return newer.run === older.run
  return (
    newer.kind === 'edit' &&
    older.kind === 'edit' &&
    newer.author === older.author &&
    newer.summary === older.summary &&
    newer.undoes === null &&
    older.undoes === null &&
    undone.has(newer.edit) === undone.has(older.edit) &&
    newer.tracks.join() === older.tracks.join()
  )
}

function summed(changes: readonly [ChangeOut, ...ChangeOut[]], undone: ReadonlySet<string | null>): ChangeGroup {
  const tracks = new Set(changes.flatMap((change) => change.tracks))
  const firsts = changes.flatMap(({ first }) => (first === null ? [] : [first]))
  const lasts = changes.flatMap(({ last }) => (last === null ? [] : [last]))
  return {
    changes,
    tracks: [...tracks],
    trackCount: Math.max(tracks.size, ...changes.map(({ track_count }) => track_count)),
    first: firsts.length ? Math.min(...firsts) : null,
    last: lasts.length ? Math.max(...lasts) : null,
    undone: undone.has(changes[0].edit),
  }
}
