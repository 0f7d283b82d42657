import type { Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { FARTHEST_JUMP_PX, LONGEST, type Anchor } from '@/editor/preferences/trajectories'

/** Where objects come from and go to, on the picture. */
export function TrajectorySettings({ editor }: { editor: Editor }) {
  const { keymap } = editor
  const { settings } = editor.trajectories
  const key = (id: string) => keymap.shown(id) && <kbd>{keymap.shown(id)}</kbd>
  return (
    <fieldset class="trajectory-settings">
      <legend>{t('Paths')}</legend>
      <label class="choice">
        <input
          type="checkbox"
          checked={settings.on.value}
          onChange={(event) => (settings.on.value = event.currentTarget.checked)}
        />
        <span class="grow">{t('Show paths')}</span> {key('view.paths')}
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={settings.all.value}
          disabled={!settings.on.value}
          onChange={(event) => (settings.all.value = event.currentTarget.checked)}
        />
        <span class="grow">{t('Of all objects')}</span> {key('view.paths-all')}
      </label>
      <Count text={t('Frames before')} value={settings.back} least={0} most={LONGEST} disabled={!settings.on.value} />
      <Count text={t('Frames after')} value={settings.ahead} least={0} most={LONGEST} disabled={!settings.on.value} />
      <Count
        text={t('Mark jumps over')}
        value={settings.jump}
        least={1}
        most={FARTHEST_JUMP_PX}
        disabled={!settings.on.value}
        unit="px"
      />
      <label class="trajectory-row">
        <span>{t('Path of the')}</span>
        <select
          value={settings.anchor.value}
          disabled={!settings.on.value}
          onChange={(event) => (settings.anchor.value = event.currentTarget.value as Anchor)}
        >
          <option value="centre">{t('Centre')}</option>
          <option value="bottom">{t('Bottom centre')}</option>
        </select>
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={settings.onion.value}
          onChange={(event) => (settings.onion.value = event.currentTarget.checked)}
        />
        <span class="grow">{t('Neighbouring keyframes')}</span> {key('view.onion-skin')}
      </label>
    </fieldset>
  )
}

interface CountProps {
  readonly text: string
  readonly value: Signal<number>
  readonly least: number
  readonly most: number
  readonly disabled: boolean
  readonly unit?: string
}

function Count({ text, value, least, most, disabled, unit = '' }: CountProps) {
  const take = (input: HTMLInputElement) => {
    const wanted = Math.round(input.valueAsNumber)
    if (wanted >= least && wanted <= most) value.value = wanted
    input.value = String(value.value)
  }
  return (
    <label class="trajectory-row">
      <span>{text}</span>
      <span class="trajectory-count">
        <input
          type="number"
          min={least}
          max={most}
          value={value.value}
          disabled={disabled}
          onChange={(event) => take(event.currentTarget)}
        />
        <span>{unit}</span>
      </span>
    </label>
  )
}
