import { useComputed, useSignal } from '@preact/signals'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { spelt } from '@/editor/time/edit'
import { planMerge, type Choices, type Conflict } from '@/editor/time/merge'
import { mergeTracks, sourcesOf } from '@/editor/time/merging'
import { nameOf } from '@/editor/objects/name'
import { Modal } from './modal'
import type { TimeDialogProps } from './time-dialog-props'

/** Where tracks that are to be merged are at odds, and who wins there. */
export function MergeDialog({ editor, tracks, onClose }: TimeDialogProps) {
  const sources = useComputed(() => sourcesOf(editor, tracks))
  const kept = useSignal(sources.value[0]!.track.id)
  const choices = useSignal<Choices>(new Map())
  const plan = useComputed(() => planMerge(sources.value, choices.value))
  const ids = sources.value.map(({ track }) => track.id)
  const labels = new Set(sources.value.map(({ track }) => track.label))
  const frames = plan.value.conflicts.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const choose = (keys: readonly string[], winner: string) =>
    (choices.value = new Map([...choices.value, ...keys.map((key) => [key, winner] as const)]))
  return (
    <Modal label={t('Merge tracks')} onClose={onClose} look="time-dialog">
      <h2>{t('Merge {count} tracks', { count: ids.length })}</h2>
      <label class="field">
        <span>{t('Into')}</span>
        <select value={kept.value} onChange={(event) => (kept.value = event.currentTarget.value)}>
          {ids.map((id) => (
            <option key={id} value={id}>
              {nameOf(editor, id)}
            </option>
          ))}
        </select>
      </label>
      <p class="muted">
        {t('It keeps its number, label and attributes; the others go.')}
        {labels.size > 1 && ` ${t('They have different labels.')}`}
      </p>
      <p>
        {counted(frames, 'On one frame two of them show a shape.', 'On {count} frames two of them show a shape.')}{' '}
        {t('Choose whose is kept. A keyframe beats a prediction in any case.')}
      </p>
      {plan.value.conflicts.length > 1 && ids.length === 2 && (
        <div class="row" role="group" aria-label={t('Whose shapes are kept everywhere')}>
          {ids.map((id) => (
            <button
              key={id}
              type="button"
              class="button"
              onClick={() =>
                choose(
                  plan.value.conflicts.map(({ key }) => key),
                  id,
                )
              }
            >
              {t('{name} everywhere', { name: nameOf(editor, id) })}
            </button>
          ))}
        </div>
      )}
      <ul class="time-list" aria-label={t('Where two tracks show a shape')}>
        {plan.value.conflicts.map((conflict) => (
          <ConflictRow
            key={conflict.key}
            editor={editor}
            conflict={conflict}
            onChoose={(winner) => choose([conflict.key], winner)}
          />
        ))}
      </ul>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          {t('Cancel')}
        </button>
        <button
          type="button"
          class="button primary"
          autofocus
          onClick={() => {
            onClose()
            mergeTracks(editor, tracks, kept.value, choices.value)
          }}
        >
          {t('Merge')}
        </button>
      </div>
    </Modal>
  )
}

function ConflictRow({
  editor,
  conflict,
  onChoose,
}: {
  editor: Editor
  conflict: Conflict
  onChoose: (winner: string) => void
}) {
  const { first, last, winner, loser, lost } = conflict
  const where =
    first === last ? t('Frame {first}', { first }) : t('Frames {frames}', { frames: spelt([[first, last]]) })
  return (
    <li>
      <span>{where}</span>
      <select
        aria-label={t('Whose shapes are kept: {where}', { where })}
        value={winner}
        onChange={(event) => onChoose(event.currentTarget.value)}
      >
        {[winner, loser].sort().map((id) => (
          <option key={id} value={id}>
            {nameOf(editor, id)}
          </option>
        ))}
      </select>
      <span class="muted">
        {lost
          ? counted(lost, '{count} keyframe of {name} will go', '{count} keyframes of {name} will go', {
              name: nameOf(editor, loser),
            })
          : ''}
      </span>
    </li>
  )
}
