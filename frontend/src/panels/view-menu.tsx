import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { PICTURE_RANGE, SMOOTHING, type Picture, type Smoothing } from '@/editor/preferences/view'
import { CommandButton } from './buttons'
import { MenuButton } from './menu-button'

const PICTURE: Record<keyof Picture, string> = {
  brightness: 'Brightness',
  contrast: 'Contrast',
  saturation: 'Saturation',
}
const PIXELS: Record<Smoothing, string> = { automatic: 'Automatic', smooth: 'Smooth', sharp: 'Sharp' }

/** How the picture is shown on this screen. */
export function ViewMenu({ editor }: { editor: Editor }) {
  const { keymap } = editor
  return (
    <MenuButton
      open={editor.viewOpen}
      icon="sliders"
      label={t('View options')}
      title={t('View options ({key})', { key: keymap.shown('view.options') })}
      keys={keymap.keysOf('view.options')[0]}
    >
      <Panel editor={editor} />
    </MenuButton>
  )
}

function Panel({ editor }: { editor: Editor }) {
  const { viewOptions: options } = editor
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => root.current?.querySelector('input')?.focus(), [])
  return (
    <div ref={root} class="menu-panel view-menu" role="dialog" aria-label={t('View options')}>
      <fieldset>
        <legend>{t('Picture')}</legend>
        {Object.entries(PICTURE).map(([what, name]) => (
          <Slider key={what} editor={editor} what={what as keyof Picture} name={t(name)} />
        ))}
        <div class="view-row">
          <span>{t('Enlarged pixels')}</span>
          <select
            aria-label={t('Enlarged pixels')}
            title={t('Automatic: smooth, and sharp once single pixels are large')}
            value={options.smoothing.value}
            onChange={(event) => (options.smoothing.value = event.currentTarget.value as Smoothing)}
          >
            {SMOOTHING.map((value) => (
              <option key={value} value={value}>
                {t(PIXELS[value])}
              </option>
            ))}
          </select>
        </div>
        <button
          type="button"
          class="button wide"
          disabled={!options.filter}
          onClick={() => editor.perform('view.plain')}
        >
          {t('Picture as it is')}
        </button>
      </fieldset>
      <fieldset>
        <legend>{t('Pointing')}</legend>
        <Switch editor={editor} id="view.crosshair" text={t('Crosshair while drawing')} option={options.crosshair} />
        <Switch
          editor={editor}
          id="view.magnifier"
          text={t('Magnifier while drawing and reshaping')}
          option={options.magnifier}
        />
        <Switch editor={editor} id="view.grid" text={t('Grid')} option={options.grid} />
        <label class="view-row">
          <span>{t('Grid every')}</span>
          <span class="row">
            <input
              type="number"
              min={2}
              max={2000}
              value={options.gridStep.value}
              disabled={!options.grid.value}
              onChange={(event) => {
                const step = Math.round(event.currentTarget.valueAsNumber)
                if (step >= 2 && step <= 2000) options.gridStep.value = step
                event.currentTarget.value = String(options.gridStep.value)
              }}
            />
            {t('px')}
          </span>
        </label>
      </fieldset>
      <div class="row">
        <CommandButton editor={editor} id="view.turn-left" icon="turnLeft" />
        <CommandButton editor={editor} id="view.turn-right" icon="turnRight" />
        <CommandButton editor={editor} id="view.fit" icon="fit" text={t('Fit')} />
        <span class="spring" />
        <CommandButton editor={editor} id="view.full-screen" icon="screen" text={t('Full screen')} />
      </div>
    </div>
  )
}

function Slider({ editor, what, name }: { editor: Editor; what: keyof Picture; name: string }) {
  const { viewOptions: options } = editor
  const value = options.picture.value[what]
  const [least, most] = PICTURE_RANGE
  return (
    <label class="view-row">
      <span>{name}</span>
      <input
        type="range"
        min={least}
        max={most}
        step={0.05}
        value={value}
        aria-valuetext={`${Math.round(value * 100)} %`}
        onInput={(event) => options.adjust(what, event.currentTarget.valueAsNumber)}
      />
      <span class="view-value">{Math.round(value * 100)} %</span>
    </label>
  )
}

function Switch({ editor, id, text, option }: { editor: Editor; id: string; text: string; option: Signal<boolean> }) {
  const key = editor.keymap.shown(id)
  return (
    <label class="choice" title={t(editor.commands.named(id).help)}>
      <input
        type="checkbox"
        checked={option.value}
        onChange={(event) => (option.value = event.currentTarget.checked)}
      />
      <span class="spring">{text}</span>
      {key && <kbd>{key}</kbd>}
    </label>
  )
}
