import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { propagate } from '@/editor/time/clipboard'
import { lastFrame } from '@/editor/time/edit'
import { Modal } from './modal'
import type { TimeDialogProps } from './time-dialog-props'

/** How far the shapes of this frame are kept as they are. */
export function PropagateDialog({ editor, onClose }: TimeDialogProps) {
  const { propagateBy } = editor.time
  const frames = useSignal(Math.abs(propagateBy.value))
  const back = useSignal(propagateBy.value < 0)
  const here = editor.session.frame.value
  const goal = Math.min(Math.max(here + (back.value ? -frames.value : frames.value), 0), lastFrame(editor))
  return (
    <Modal label={t('Propagate')} onClose={onClose} look="time-dialog">
      <form
        method="dialog"
        onSubmit={() => {
          propagateBy.value = back.value ? -frames.value : frames.value
          propagate(editor, goal)
        }}
      >
        <h2>{t('Propagate')}</h2>
        <p>{t('The shape of this frame stays the same; keyframes and predictions on the way go.')}</p>
        <label class="field">
          <span>{t('Frames')}</span>
          <input
            type="number"
            min={1}
            max={lastFrame(editor)}
            required
            autofocus
            value={frames.value}
            onInput={(event) => (frames.value = event.currentTarget.valueAsNumber || 0)}
          />
        </label>
        <fieldset class="row">
          <legend>{t('Direction')}</legend>
          {[false, true].map((backward) => (
            <label key={`${backward}`} class="choice">
              <input
                type="radio"
                name="direction"
                checked={back.value === backward}
                onChange={() => (back.value = backward)}
              />
              {backward ? t('Back in time') : t('Forward in time')}
            </label>
          ))}
        </fieldset>
        <p class="muted">
          {goal === here
            ? t('There are no frames in that direction.')
            : t('Frames {first}–{last}.', { first: Math.min(here, goal), last: Math.max(here, goal) })}
        </p>
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button primary" disabled={goal === here}>
            {t('Propagate')}
          </button>
        </div>
      </form>
    </Modal>
  )
}
