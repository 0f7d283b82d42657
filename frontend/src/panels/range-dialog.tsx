import { useSignal, type Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { lastFrame } from '@/editor/time/edit'
import {
  deleteInRange,
  hideInRange,
  propagateOverRange,
  relabel,
  shiftInSpace,
  shiftInTime,
  trimToRange,
} from '@/editor/time/range'
import { removeKeyframes, removeOutside } from '@/editor/time/tidy'
import { nameOf } from '@/editor/objects/name'
import { Modal } from './modal'
import type { TimeDialogProps } from './time-dialog-props'

interface Choice {
  readonly id: string
  readonly label: string
  readonly help: string
  /** It makes sense only with a range. */
  readonly ranged?: boolean
}

const CHOICES: readonly Choice[] = [
  { id: 'delete', label: 'Delete shapes', help: 'Between what is left, the track has a gap.' },
  { id: 'trim', label: 'Trim to these frames', help: 'Everything before and after them goes.', ranged: true },
  { id: 'label', label: 'Give a label', help: 'A stretch of a longer track becomes a track of its own.' },
  {
    id: 'propagate',
    label: 'Propagate the shape of this frame',
    help: 'It stays the same on all of these frames.',
    ranged: true,
  },
  { id: 'time', label: 'Shift in time', help: 'What the shapes come to lie on goes.' },
  {
    id: 'space',
    label: 'Move in the picture',
    help: 'By pixels of the video: to the right and down, negative to the left and up.',
  },
  { id: 'outside', label: 'Remove all outside', help: 'Gaps close; shapes are interpolated across.' },
  { id: 'keyframes', label: 'Remove keyframes', help: 'They give way to interpolation and predictions.', ranged: true },
  { id: 'hide', label: 'Hide or show', help: 'Only here, not for others.', ranged: true },
]

/** One thing done with the selected tracks on a range of frames. */
export function RangeDialog({ editor, tracks, onClose }: TimeDialogProps) {
  const range = useSignal(editor.session.range.value)
  const chosen = useSignal('delete')
  const label = useSignal(editor.config.labels[0]?.id ?? 0)
  const frames = useSignal(0)
  const dx = useSignal(0)
  const dy = useSignal(0)
  const act = () => {
    editor.session.range.value = range.value
    const actions: Record<string, () => void> = {
      delete: () => deleteInRange(editor),
      trim: () => trimToRange(editor),
      label: () => relabel(editor, editor.label(label.value)!),
      propagate: () => propagateOverRange(editor),
      time: () => shiftInTime(editor, frames.value),
      space: () => shiftInSpace(editor, dx.value, dy.value),
      outside: () => removeOutside(editor),
      keyframes: () => removeKeyframes(editor),
      hide: () => hideInRange(editor),
    }
    actions[chosen.value]!()
  }
  const choice = CHOICES.find(({ id }) => id === chosen.value)!
  const valid = range.value ? range.value[0] <= range.value[1] : !choice.ranged
  return (
    <Modal label={t('Change a range')} onClose={onClose} look="time-dialog">
      <form method="dialog" onSubmit={act}>
        <h2>
          {counted(tracks.length, 'Change {name}', 'Change {count} tracks', { name: nameOf(editor, tracks[0]!) })}
        </h2>
        <Frames editor={editor} range={range} />
        <fieldset class="time-choices">
          <legend>{t('What to do there')}</legend>
          {CHOICES.map(({ id, label: name }) => (
            <label key={id} class="choice">
              <input
                type="radio"
                name="what"
                value={id}
                checked={chosen.value === id}
                autofocus={id === 'delete'}
                onChange={() => (chosen.value = id)}
              />
              {t(name)}
            </label>
          ))}
        </fieldset>
        <div class="time-details">
          {chosen.value === 'label' && (
            <label class="field">
              <span>{t('Label')}</span>
              <select value={label.value} onChange={(event) => (label.value = Number(event.currentTarget.value))}>
                {editor.config.labels.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
          {chosen.value === 'time' && <Amount value={frames}>{t('Frames later; negative: earlier')}</Amount>}
          {chosen.value === 'space' && <Amount value={dx}>{t('Pixels to the right')}</Amount>}
          {chosen.value === 'space' && <Amount value={dy}>{t('Pixels down')}</Amount>}
          <p class="muted">{choice.ranged && !range.value ? t('Choose frames for this.') : t(choice.help)}</p>
        </div>
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button primary" disabled={!valid}>
            {choice.label}
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** All frames, or those from one to another. */
function Frames({ editor, range }: { editor: Editor; range: Signal<readonly [number, number] | null> }) {
  const last = lastFrame(editor)
  const [from, to] = range.value ?? editor.bounds
  const set = (next: readonly [number, number]) => (range.value = next)
  return (
    <fieldset class="time-frames">
      <legend>{t('Frames')}</legend>
      <label class="choice">
        <input type="radio" name="frames" checked={!range.value} onChange={() => (range.value = null)} />
        {t('All')}
      </label>
      <label class="choice">
        <input type="radio" name="frames" checked={range.value !== null} onChange={() => set([from, to])} />
        {t('From')}
      </label>
      <input
        type="number"
        aria-label={t('First frame')}
        min={0}
        max={last}
        required
        value={from}
        onInput={(event) => set([event.currentTarget.valueAsNumber || 0, to])}
      />
      <span>{t('to')}</span>
      <input
        type="number"
        aria-label={t('Last frame')}
        min={0}
        max={last}
        required
        value={to}
        onInput={(event) => set([from, event.currentTarget.valueAsNumber || 0])}
      />
    </fieldset>
  )
}

function Amount({ value, children }: { value: Signal<number>; children: ComponentChildren }) {
  return (
    <label class="field">
      <span>{children}</span>
      <input
        type="number"
        step="any"
        required
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.valueAsNumber || 0)}
      />
    </label>
  )
}
