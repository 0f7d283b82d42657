/** Taking back single decisions along a track: its gaps, its keyframes. */
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { Range } from '@/store/operations'
import type { Row } from '@/store/types'
import { apply, rowsOf, spelt, tracksToChange, whenLoaded } from './edit'

/** The gaps of the selected tracks close, in the chosen range or everywhere: shapes are interpolated across. */
export function removeOutside(editor: Editor): void {
  removeWhere(editor, editor.session.range.value, (row) => row.outside, 'Remove outside', 'gap')
}

/** The keyframes of the selected tracks in the chosen range give way to what is around them. */
export function removeKeyframes(editor: Editor): void {
  const range = editor.session.range.value
  if (!range) {
    editor.session.tell(t('Choose a range of frames first: drag over the ruler with Shift held.'), 'error')
    return
  }
  removeWhere(editor, range, (row) => row.keyframe && !row.outside, 'Remove keyframes', 'keyframe')
}

/** Predictions of the selected tracks give way to interpolation: in the chosen range, else around this frame. */
export function interpolate(editor: Editor): void {
  const tracks = tracksToChange(editor)
  if (!tracks) return
  const { frame, range } = editor.session
  const [first, last] = range.value ?? [frame.value, frame.value]
  whenLoaded(editor, tracks, () => {
    const changes = tracks.map((track) => {
      const former = rowsOf(editor, track)
      const keyframes = former.filter((row) => row.keyframe).map((row) => row.frame)
      const from = keyframes.findLast((keyframe) => keyframe <= first) ?? keyframes[0] ?? Infinity
      const to = keyframes.find((keyframe) => keyframe >= Math.max(last, from + 1)) ?? keyframes.at(-1) ?? -Infinity
      return { track, former, rows: former.filter((row) => !row.predicted || row.frame < from || row.frame > to) }
    })
    const count = changes.reduce((sum, { former, rows }) => sum + former.length - rows.length, 0)
    if (!count)
      editor.session.tell(
        t(
          'There are no predictions between two keyframes here. Correct the object on a later frame first: that makes a keyframe.',
        ),
        'error',
      )
    else if (apply(editor, 'Interpolate', changes))
      editor.session.tell(
        counted(count, 'Interpolated in place of {count} prediction.', 'Interpolated in place of {count} predictions.'),
      )
  })
}

function removeWhere(
  editor: Editor,
  range: Range | null,
  goes: (row: Row) => boolean,
  summary: string,
  what: string,
): void {
  const tracks = tracksToChange(editor)
  if (!tracks) return
  const [first, last] = range ?? [0, Infinity]
  whenLoaded(editor, tracks, () => {
    const changes = tracks.map((track) => {
      const former = rowsOf(editor, track)
      return { track, former, rows: former.filter((row) => row.frame < first || row.frame > last || !goes(row)) }
    })
    const count = changes.reduce((sum, { former, rows }) => sum + former.length - rows.length, 0)
    const frames = range ? spelt([range]) : ''
    const things = counted(count, `{count} ${what}`, `{count} ${what}s`)
    if (!count)
      editor.session.tell(
        range
          ? t('The selected tracks have no {what} on frames {frames}.', { what: t(what), frames })
          : t('The selected tracks have no {what}.', { what: t(what) }),
        'error',
      )
    else if (apply(editor, summary, changes))
      editor.session.tell(
        range ? t('{things} removed on frames {frames}.', { things, frames }) : t('{things} removed.', { things }),
      )
  })
}
