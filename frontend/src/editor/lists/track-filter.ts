/** Which tracks are listed, and in what order. Pure: timeline and objects panel show the same list. */
import type { Summary } from '@/store/track-rows'
import type { Track } from '@/store/types'
import { standingOf, type Standing } from '@/store/verdicts'

/** What a track holds. A track may be several of them. */
export type Content = 'keyframes' | 'predicted' | 'doubtful' | 'running'

/** All that is set must hold; of one set, any; an empty set asks for nothing. */
export interface TrackFilter {
  /** Words, all of which occur in label, number or source; "#12" is the number itself. */
  readonly query: string
  /** Shows something on the frame one looks at. */
  readonly here: boolean
  /** Not hidden. */
  readonly visible: boolean
  readonly labels: ReadonlySet<number>
  readonly contents: ReadonlySet<Content>
  readonly verdicts: ReadonlySet<Standing>
  readonly sources: ReadonlySet<string>
}

export const EVERYTHING: TrackFilter = {
  query: '',
  here: false,
  visible: false,
  labels: new Set(),
  contents: new Set(),
  verdicts: new Set(),
  sources: new Set(),
}

export const SORT_KEYS = ['number', 'label', 'first', 'length', 'confidence'] as const
export type SortKey = (typeof SORT_KEYS)[number]

export interface TrackOrder {
  readonly by: SortKey
  readonly descending: boolean
}

/** What a filter has to know about tracks; asked only where it matters. */
export interface TrackKnowledge {
  readonly labelName: (track: Track) => string
  readonly isHere: (track: Track) => boolean
  readonly isHidden: (track: Track) => boolean
  readonly isRunning: (track: Track) => boolean
  /** Null: a track without rows. */
  readonly summary: (track: Track) => Summary | null
}

/** How many conditions are set, the query apart. */
export const conditionsOf = ({ here, visible, labels, contents, verdicts, sources }: TrackFilter): number =>
  Number(here) + Number(visible) + [labels, contents, verdicts, sources].filter((set) => set.size).length

/** The tracks to list, in order. */
export function listed(
  tracks: Iterable<Track>,
  filter: TrackFilter,
  order: TrackOrder,
  known: TrackKnowledge,
): Track[] {
  const found: Track[] = []
  for (const track of tracks) if (!track.deleted && matches(track, filter, known)) found.push(track)
  const value = sortValue(order.by, known)
  const sign = order.descending ? -1 : 1
  const keyed = found.map((track) => ({ track, value: value(track) }))
  keyed.sort((a, b) => (compared(a.value, b.value) || compared(place(a.track), place(b.track))) * sign)
  return keyed.map(({ track }) => track)
}

function matches(track: Track, filter: TrackFilter, known: TrackKnowledge): boolean {
  const { labels, verdicts, sources, contents } = filter
  if (labels.size && !labels.has(track.label)) return false
  if (verdicts.size && !verdicts.has(standingOf(track))) return false
  if (sources.size && !sources.has(track.source)) return false
  if (filter.visible && known.isHidden(track)) return false
  if (filter.query && !matchesQuery(track, filter.query, known)) return false
  if (contents.size && ![...contents].some((content) => holds(track, content, known))) return false
  return !filter.here || known.isHere(track)
}

function matchesQuery(track: Track, query: string, known: TrackKnowledge): boolean {
  const text = `${known.labelName(track)} ${track.number} ${track.source}`.toLowerCase()
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return words.every((word) => (/^#\d+$/.test(word) ? track.number === Number(word.slice(1)) : text.includes(word)))
}

function holds(track: Track, content: Content, known: TrackKnowledge): boolean {
  switch (content) {
    case 'running':
      return known.isRunning(track)
    case 'doubtful':
      return (known.summary(track)?.doubtful ?? 0) > 0
    case 'predicted':
      return (known.summary(track)?.predicted ?? 0) > 0
    case 'keyframes':
      return known.summary(track)?.predicted === 0
  }
}

function sortValue(by: SortKey, known: TrackKnowledge): (track: Track) => number | string {
  switch (by) {
    case 'number':
      return place
    case 'label':
      return (track) => known.labelName(track).toLowerCase()
    case 'first':
      return (track) => known.summary(track)?.first ?? Infinity
    case 'length':
      return (track) => {
        const summary = known.summary(track)
        return summary ? summary.last - summary.first : Infinity
      }
    case 'confidence':
      return (track) => known.summary(track)?.lowest ?? 1
  }
}

const compared = <Value extends number | string>(a: Value, b: Value) => (a < b ? -1 : a > b ? 1 : 0)

/** Provisional numbers are negative: the newest tracks come last. */
const place = ({ number }: Track) => (number < 0 ? 1e9 - number : number)
