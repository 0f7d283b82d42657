import { useComputed, useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { planThinning, sum, thinOut, type ThinnedTrack } from '@/editor/time/thinning'
import { ErrorChart } from './error-chart'
import { Modal } from './modal'
import type { TimeDialogProps } from './time-dialog-props'

const LEAST_PX = 0.5
const MOST_PX = 20

/** How few keyframes tell the same within a tolerance, and how far off each frame would be. */
export function ThinDialog({ editor, tracks, onClose }: TimeDialogProps) {
  const { tolerance } = editor.time
  const keepKeyframes = useSignal(true)
  const planned = useComputed(() =>
    planThinning(editor, tracks, { tolerance: tolerance.value, keepKeyframes: keepKeyframes.value }),
  )
  const { before, after, largest, mean } = figures(planned.value)
  return (
    <Modal label={t('Thin out')} onClose={onClose} look="time-dialog">
      <form method="dialog" onSubmit={() => thinOut(editor, planned.value)}>
        <h2>{t('Thin out')}</h2>
        <p>
          {t(
            'Dense shapes become the fewest keyframes between which interpolation shows the same. You can take this back with undo.',
          )}
        </p>
        <label class="field slider">
          <span>
            {t('Off by at most')} <output>{t('{tolerance} px', { tolerance: tolerance.value.toFixed(1) })}</output>
          </span>
          <input
            type="range"
            min={LEAST_PX}
            max={MOST_PX}
            step={0.5}
            autofocus
            value={tolerance.value}
            onInput={(event) => (tolerance.value = event.currentTarget.valueAsNumber)}
          />
        </label>
        <label class="choice">
          <input
            type="checkbox"
            checked={keepKeyframes.value}
            onChange={(event) => (keepKeyframes.value = event.currentTarget.checked)}
          />
          {t('Keep every keyframe that a person set')}
        </label>
        <dl class="time-figures" aria-live="polite">
          <Figure name={t('Shapes now')} value={before.toLocaleString('en')} />
          <Figure name={t('Keyframes after')} value={after.toLocaleString('en')} />
          <Figure name={t('Largest error')} value={`${largest.toFixed(1)} px`} />
          <Figure name={t('Mean error')} value={`${mean.toFixed(2)} px`} />
        </dl>
        <ErrorChart samples={planned.value} tolerance={tolerance.value} />
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button primary" disabled={after >= before}>
            {t('Thin out')}
          </button>
        </div>
      </form>
    </Modal>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function figures(planned: readonly ThinnedTrack[]) {
  const before = sum(planned, (each) => each.before)
  const total = sum(planned, ({ errors }) => sum(errors, (error) => error))
  const largest = planned.reduce((most, { errors }) => errors.reduce((worst, error) => Math.max(worst, error), most), 0)
  return { before, after: sum(planned, (each) => each.after), largest, mean: before ? total / before : 0 }
}
