import { t } from '@/core/text'
import { COLOUR_BY, TAG_PARTS, TAG_WHEN, THICKEST_PX, type TagPart, type TagWhen } from '@/editor/preferences/display'
import type { Editor } from '@/editor/editor'
import type { ColourBy } from '@/store/colours'
import { Popover } from './popover'
import { TrajectorySettings } from './trajectory-settings'

const COLOURS: Record<ColourBy, string> = { label: 'Labels', object: 'Objects', origin: 'Where shapes come from' }
const WHEN: Record<TagWhen, string> = {
  always: 'Always',
  hover: 'Where the pointer is',
  selected: 'On what is selected',
  never: 'Never',
}
const PARTS: Record<TagPart, string> = {
  label: 'Label',
  number: 'Number',
  attributes: 'Attributes',
  confidence: 'Confidence',
  source: 'Made by',
}

/** How objects look on the picture. */
export function DisplayMenu({ editor }: { editor: Editor }) {
  return (
    <Popover id="display" icon="look" label={t('How objects look')} wide>
      {() => <DisplayForm editor={editor} />}
    </Popover>
  )
}

function DisplayForm({ editor }: { editor: Editor }) {
  const { display, keymap } = editor
  const key = (id: string) => keymap.shown(id) && <kbd>{keymap.shown(id)}</kbd>
  return (
    <div class="display-form">
      <label class="field">
        <span>
          {t('Colours tell apart')} {key('view.colours')}
        </span>
        <select
          value={display.colourBy.value}
          onChange={(event) => (display.colourBy.value = event.currentTarget.value as ColourBy)}
        >
          {COLOUR_BY.map((by) => (
            <option key={by} value={by}>
              {t(COLOURS[by])}
            </option>
          ))}
        </select>
      </label>
      <label class="field slider">
        <span>
          {t('Fill {percent} %', { percent: Math.round(display.fill.value * 100) })} {key('view.fill-less')}{' '}
          {key('view.fill-more')}
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={display.fill.value}
          onInput={(event) => (display.fill.value = event.currentTarget.valueAsNumber)}
        />
      </label>
      <label class="field slider">
        <span>{t('Border {width} px', { width: display.lineWidth.value })}</span>
        <input
          type="range"
          min={1}
          max={THICKEST_PX}
          step={0.5}
          value={display.lineWidth.value}
          onInput={(event) => (display.lineWidth.value = event.currentTarget.valueAsNumber)}
        />
      </label>
      <label class="field">
        <span>
          {t('Tags')} {key('view.tags')}
        </span>
        <select
          value={display.tags.value}
          onChange={(event) => (display.tags.value = event.currentTarget.value as TagWhen)}
        >
          {TAG_WHEN.map((when) => (
            <option key={when} value={when}>
              {t(WHEN[when])}
            </option>
          ))}
        </select>
      </label>
      <fieldset disabled={display.tags.value === 'never'}>
        <legend>{t('Tags tell')}</legend>
        {TAG_PARTS.map((part) => (
          <label key={part} class="choice">
            <input
              type="checkbox"
              checked={display.tagParts.value.includes(part)}
              onChange={() => display.toggleTagPart(part)}
            />
            {t(PARTS[part])}
          </label>
        ))}
      </fieldset>
      <label class="choice">
        <input
          type="checkbox"
          checked={display.quickBar.value}
          onChange={(event) => (display.quickBar.value = event.currentTarget.checked)}
        />
        <span class="grow">{t('Actions beside the selected object')}</span> {key('view.quick-bar')}
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={display.pins.value}
          onChange={(event) => (display.pins.value = event.currentTarget.checked)}
        />
        <span class="grow">{t('Pins of issues')}</span> {key('view.pins')}
      </label>
      <TrajectorySettings editor={editor} />
    </div>
  )
}
