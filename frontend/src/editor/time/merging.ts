/** Merging the selected tracks: at once where they agree, else after a look at where they don't. */
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Track, TrackId } from '@/store/types'
import { apply, isWhollyMine, rowsOf, tracksToChange, whenLoaded } from './edit'
import { mergedSteps, planMerge, type Choices, type Source } from './merge'

export function mergeSelected(editor: Editor): void {
  const tracks = tracksToChange(editor)
  if (!tracks) return
  if (tracks.length < 2) {
    editor.session.tell(t('Select two or more tracks to merge them.'), 'error')
    return
  }
  whenLoaded(editor, tracks, () => {
    const sources = sourcesOf(editor, tracks)
    if (planMerge(sources).conflicts.length) editor.time.dialog.value = { kind: 'merge', tracks }
    else mergeTracks(editor, tracks, sources[0]!.track.id)
  })
}

/** Tracks with their rows, in the order of their numbers; one without a number yet comes last. */
export function sourcesOf(editor: Editor, tracks: readonly TrackId[]): Source[] {
  return tracks
    .map((id) => editor.store.records.track(id))
    .filter((track) => track !== null)
    .sort((a, b) => order(a) - order(b))
    .map((track) => ({ track, rows: rowsOf(editor, track.id) }))
}

/**
 * All shapes go to `kept`, which keeps its number, label and attributes; the others are deleted. One step of undo. With
 * `fills`, what lies between two of them is interpolated. Returns whether it was done.
 */
export function mergeTracks(
  editor: Editor,
  tracks: readonly TrackId[],
  kept: TrackId,
  choices: Choices = new Map(),
  fills = false,
): boolean {
  const { session, store } = editor
  const sources = sourcesOf(editor, tracks)
  const target = sources.find(({ track }) => track.id === kept)
  if (!target) return false
  const others = sources.filter((source) => source !== target)
  const foreign = others.find(({ rows }) => !isWhollyMine(editor, rows))
  if (foreign) {
    session.tell(
      t('{name} also has shapes outside of your job, so it can’t be merged into another.', {
        name: nameOf(editor, foreign.track.id),
      }),
      'error',
    )
    return false
  }
  const { rows, stretches } = planMerge(sources, choices, fills)
  const done = apply(editor, `Merge ${sources.length} tracks`, [{ track: kept, former: target.rows, rows }], (tx) => {
    const steps = mergedSteps(target.track, sources, stretches)
    if (Object.keys(steps).length) tx.updateTrack(kept, { frame_attributes: steps })
    for (const { track } of others) {
      store.runs.release(track.id)
      tx.updateTrack(track.id, { deleted: true })
    }
  })
  if (!done) return false
  session.select(kept)
  session.tell(t('Merged {count} tracks into {name}.', { count: sources.length, name: nameOf(editor, kept) }))
  return true
}

const order = ({ number }: Track) => (number < 0 ? 1e9 - number : number)
