/** What a line of the history says. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { ChangeGroup } from '@/store/change-groups'
import type { TrackId } from '@/store/types'

const NAMED = 2

/** e.g. "Move ×40", "Tracking", "Imported MOT". */
export function titleOf(group: ChangeGroup): string {
  const [newest] = group.changes
  if (newest.run !== null) return group.changes.every(({ kind }) => kind === 'run') ? newest.summary : t('Tracking')
  const title = newest.summary || t('Edit')
  return group.changes.length > 1 ? `${title} ×${group.changes.length}` : title
}

/** e.g. "car 3, car 4 and 12 more"; empty without tracks. */
export function namesOf(editor: Editor, tracks: readonly TrackId[], count: number): string {
  if (!count) return ''
  const named = tracks
    .slice(0, NAMED)
    .map((track) =>
      editor.store.records.track(track)?.deleted
        ? t('{name} (deleted)', { name: nameOf(editor, track) })
        : nameOf(editor, track),
    )
  const more = count - named.length
  return more > 0 ? t('{names} and {count} more', { names: named.join(', '), count: more }) : named.join(', ')
}

export function framesInWords({ first, last }: Pick<ChangeGroup, 'first' | 'last'>): string {
  if (first === null) return ''
  return first === last ? t('frame {first}', { first }) : t('frames {first}–{last}', { first, last: last! })
}

/** e.g. "frame 3", "frames 3–9", "frames 3–9 and 2 more places". */
export function rangesInWords(ranges: readonly (readonly [number, number])[]): string {
  const [range] = ranges
  if (!range) return ''
  const more = ranges.length - 1
  const first = framesInWords({ first: range[0], last: range[1] })
  return more ? counted(more, '{first} and {count} more place', '{first} and {count} more places', { first }) : first
}
