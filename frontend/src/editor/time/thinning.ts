/** Thinning out the selected tracks, in the chosen range or everywhere. */
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { TrackId } from '@/store/types'
import { apply, rowsOf, tracksToChange, whenLoaded, type Change } from './edit'
import { chosenRange } from './range'
import { thin, type ThinOptions, type Thinned } from './thin'

export interface ThinnedTrack extends Thinned {
  readonly change: Change
}

/** Open the dialog once every row of the selected tracks is here. */
export function openThinning(editor: Editor): void {
  const tracks = tracksToChange(editor)
  if (!tracks?.length) return
  whenLoaded(editor, tracks, () => {
    const dense = tracks.filter((track) => rowsOf(editor, track, ...chosenRange(editor)).length > 2)
    if (dense.length) editor.time.dialog.value = { kind: 'thin', tracks: dense }
    else editor.session.tell(t('The selected tracks have no more than two shapes there: nothing to thin out.'), 'error')
  })
}

export function planThinning(editor: Editor, tracks: readonly TrackId[], options: ThinOptions): ThinnedTrack[] {
  return tracks.map((track) => {
    const former = rowsOf(editor, track)
    const thinned = thin(former, chosenRange(editor), options)
    return { ...thinned, change: { track, former, rows: thinned.rows } }
  })
}

export function thinOut(editor: Editor, planned: readonly ThinnedTrack[]): void {
  const [before, after] = [sum(planned, (each) => each.before), sum(planned, (each) => each.after)]
  const done = apply(
    editor,
    'Thin out',
    planned.map(({ change }) => change),
  )
  if (done)
    editor.session.tell(
      t('Thinned out: {before} shapes are now {after} keyframes.', {
        before: before.toLocaleString('en'),
        after: after.toLocaleString('en'),
      }),
    )
}

export const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0)
