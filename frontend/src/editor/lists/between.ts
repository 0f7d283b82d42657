import type { Track, TrackId } from '@/store/types'

/** The tracks of a list from one to another, both included, whichever comes first; without a beginning the other alone. */
export function between(list: readonly Track[], from: TrackId | null, to: TrackId): TrackId[] {
  const start = list.findIndex(({ id }) => id === from)
  const end = list.findIndex(({ id }) => id === to)
  if (start < 0 || end < 0) return [to]
  return list.slice(Math.min(start, end), Math.max(start, end) + 1).map(({ id }) => id)
}
