import type { Signal } from '@preact/signals'
import type { TargetedMouseEvent } from 'preact'
import { useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { withoutReplaced } from '@/editor/following/extension'
import { FAMILIES, modelsFor, offered, type Family, type Model } from '@/editor/following/models'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Setting } from '@/editor/preferences/fields'
import type { Run } from '@/store/types'
import { FindButton, FindSettings } from './finding'
import { Icon } from './icons'
import { reasonOf } from './offline'
import { stallOf, statusOf } from './run-status'
import { Section } from './section'
import { useTyped } from './typed'

const DIRECTIONS: Record<Run['direction'], string> = { forward: 'Forward', backward: 'Backward', both: 'Both ways' }

/** How objects are followed, and what is being followed now. */
export function Tracking({ editor }: { editor: Editor }) {
  const { config, store } = editor
  /** Runs that this page saw running: of those the last one stays when it is done, to be extended. */
  const seen = useRef(new Set<string>())
  const known = withoutReplaced([...store.runs.all.value.values()])
  for (const run of known) if (isActive(run)) seen.current.add(run.id)
  const gone = editor.session.gone.value !== null
  const over = known.filter((run) => run.mine && run.state === 'done' && seen.current.has(run.id)).at(-1)
  // Who stopped a run knows why; what ended it otherwise is said.
  const isTold = (run: Run) => run.state === 'failed' || (run.state === 'stopped' && run.message !== '')
  const runs = [...known.filter(isActive), ...known.filter((run) => isTold(run) || run === over)]
  if (!config.can_edit && !(gone && runs.length)) return null
  return (
    <Section editor={editor} id="tracking" title={t('Tracking')}>
      {!gone && <TrackButton editor={editor} />}
      {!gone && <FindButton editor={editor} />}
      <div class="runs" aria-live="polite">
        {runs.map((run) => (
          <RunCard key={run.id} editor={editor} run={run} />
        ))}
      </div>
      {!gone && <Settings editor={editor} />}
      {!gone && <FindSettings editor={editor} />}
    </Section>
  )
}

/** Says why when there is nothing to track. */
function TrackButton({ editor }: { editor: Editor }) {
  const { keymap } = editor
  const selected = editor.selected().length > 0
  editor.selectionHere.value
  // Of all on the frame it says so when it is pressed: looking for them in every frame of playback would take from it.
  const why = selected ? editor.following.startable().why : ''
  const keys = t('{forward}: forward, {backward}: backward', {
    forward: keymap.shown('run.forward'),
    backward: keymap.shown('run.backward'),
  })
  return (
    <button
      type="button"
      class="button primary wide"
      disabled={why !== ''}
      title={why || t('Track in the chosen direction ({keys})', { keys })}
      onClick={() => editor.following.start()}
    >
      <Icon name="target" /> {why || t(selected ? 'Track selected' : 'Track all on this frame')}
    </button>
  )
}

/** What a run does when it is started; folded away, it says the most important in its heading. */
function Settings({ editor }: { editor: Editor }) {
  const { tracking, config } = editor
  const families = FAMILIES.filter((family) => modelsFor(config.models, family).length > 0)
  const chosen = families
    .map((family) => config.models.find(({ id }) => id === tracking.modelOf(family).value)?.name)
    .filter((name) => name !== undefined)
  const model = chosen.length ? chosen.join(', ') : t('automatic model')
  const frames =
    tracking.frames.value === null ? t('to the end') : t('{count} frames', { count: tracking.frames.value })
  return (
    <details class="settings">
      <summary>
        {t(DIRECTIONS[tracking.direction.value])}, {frames}, {model}
        {tracking.asMask.value && families.includes('mask') && `, ${t('boxes and polygons as masks')}`}
      </summary>
      <div class="fields">
        {families.map((family) => (
          <ModelChoice key={family} editor={editor} family={family} />
        ))}
        <MachineChoice editor={editor} />
        <label class="field">
          <span>{t('Direction')}</span>
          <select
            value={tracking.direction.value}
            onChange={(event) => (tracking.direction.value = event.currentTarget.value as Run['direction'])}
          >
            <option value="forward">{t('Forward')}</option>
            <option value="backward">{t('Backward')}</option>
            <option value="both">{t('Both ways')}</option>
          </select>
        </label>
        <label class="field">
          <span>{t('Frames')}</span>
          <FramesField frames={tracking.frames} />
        </label>
      </div>
      {families.includes('mask') && (
        <label
          class="choice"
          title={t(
            'Boxes, rotated boxes and polygons are followed by the model for masks: as the object in them, and each frame gets the shape around it.',
          )}
        >
          <input
            type="checkbox"
            checked={tracking.asMask.value}
            onChange={(event) => (tracking.asMask.value = event.currentTarget.checked)}
          />
          {t('Follow boxes and polygons as masks')}
        </label>
      )}
      <label
        class="choice"
        title={t(
          'After a correction, the object is tracked again from there. A run of so many frames goes on when you come within 10 frames of its end.',
        )}
      >
        <input
          type="checkbox"
          checked={tracking.autoTrack.value}
          onChange={(event) => (tracking.autoTrack.value = event.currentTarget.checked)}
        />
        {t('Auto-track as I correct and move on')}
      </label>
      <label
        class="choice"
        title={t(
          'An object is tracked up to its next keyframe. Without this it is tracked past its keyframes, which stay as they are.',
        )}
      >
        <input
          type="checkbox"
          checked={tracking.untilKeyframe.value}
          onChange={(event) => (tracking.untilKeyframe.value = event.currentTarget.checked)}
        />
        {t('Stop at the next keyframe')}
      </label>
      <label class="choice" title={t('An object that leaves the picture is marked outside, and its run ends there.')}>
        <input
          type="checkbox"
          checked={tracking.detectOffScreen.value}
          onChange={(event) => (tracking.detectOffScreen.value = event.currentTarget.checked)}
        />
        {t('Stop when it leaves the picture')}
      </label>
      <label
        class="choice"
        title={t(
          'Each object is tracked back from its end as well; where both ways disagree, its frames are marked doubtful. {key} jumps there.',
          { key: editor.keymap.shown('doubtful.next') },
        )}
      >
        <input
          type="checkbox"
          checked={tracking.checkBothWays.value}
          onChange={(event) => (tracking.checkBothWays.value = event.currentTarget.checked)}
        />
        {t('Check both ways')}
      </label>
      <label class="field slider" title={t('Predictions below this confidence are marked doubtful.')}>
        <span>{t('Doubtful below {percent} %', { percent: Math.round(tracking.threshold.value * 100) })}</span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={tracking.threshold.value}
          onInput={(event) => (tracking.threshold.value = event.currentTarget.valueAsNumber)}
        />
      </label>
    </details>
  )
}

/** Which machine runs go to, where there are several. */
function MachineChoice({ editor }: { editor: Editor }) {
  const { tracking, config } = editor
  if (config.machines.length < 2) return null
  const chosen = config.machines.find(({ id }) => id === tracking.machine.value)
  return (
    <label class="field">
      <span>{t('Machine')}</span>
      <select
        value={chosen?.id ?? ''}
        onChange={({ currentTarget }) => {
          tracking.machine.value = currentTarget.value ? Number(currentTarget.value) : null
        }}
      >
        <option value="">{t('Automatic')}</option>
        {config.machines.map(({ id, name, connected, resting }) => (
          <option key={id} value={id}>
            {name}
            {!connected ? ` (${t('away')})` : resting ? ` (${t('in maintenance')})` : ''}
          </option>
        ))}
      </select>
    </label>
  )
}

const FOLLOWED: Record<Family, string> = { box: 'Model for boxes', points: 'Model for points', mask: 'Model for masks' }
const POINTS_HINT = 'Points, skeletons, polygons, polylines and rotated boxes'

/** What follows the shapes of one family, and what a person may set of it. */
function ModelChoice({ editor, family }: { editor: Editor; family: Family }) {
  const choice = editor.tracking.modelOf(family)
  const models = modelsFor(editor.config.models, family)
  const model = models.find(({ id }) => id === choice.value)
  return (
    <>
      <label class="field model" title={family === 'points' ? t(POINTS_HINT) : undefined}>
        <span>{t(FOLLOWED[family])}</span>
        <select value={model ? model.id : ''} onChange={(event) => (choice.value = event.currentTarget.value || null)}>
          <option value="">{t('Automatic')}</option>
          {models.map((one) => (
            <option key={one.id} value={one.id} disabled={!one.available} title={one.why}>
              {offered(one)}
            </option>
          ))}
        </select>
      </label>
      {model && Object.keys(model.settings).length > 0 && <ModelSettings editor={editor} model={model} />}
    </>
  )
}

/** What a model's authors let people set; a value as the model has it is not kept. */
function ModelSettings({ editor, model }: { editor: Editor; model: Model }) {
  const kept = editor.tracking.modelSettings
  const own = kept.value[model.id] ?? {}
  const set = (name: string, value: Setting) => {
    const rest = Object.entries({ ...own, [name]: value }).filter(([key, one]) => one !== model.settings[key])
    kept.value = { ...kept.value, [model.id]: Object.fromEntries(rest) }
  }
  return (
    <details class="model-settings">
      <summary>{t('Settings of {model}', { model: model.name })}</summary>
      <div class="fields">
        {Object.entries(model.settings).map(([name, usual]) => (
          <SettingField
            key={name}
            name={name}
            usual={usual}
            value={own[name] ?? usual}
            onChange={(value) => set(name, value)}
          />
        ))}
      </div>
    </details>
  )
}

/** How many frames a run goes; empty: to the end. */
function FramesField({ frames }: { frames: Signal<number | null> }) {
  const typed = useTyped(String(frames.value ?? ''), (input) => {
    const count = Math.round(input.valueAsNumber)
    frames.value = count >= 1 ? count : null
    input.value = String(frames.value ?? '')
  })
  return <input {...typed} type="number" min={1} step={1} placeholder={t('to the end')} />
}

function SettingField({
  name,
  usual,
  value,
  onChange,
}: {
  name: string
  usual: Setting
  value: Setting
  onChange: (value: Setting) => void
}) {
  const label = t(name.replaceAll('_', ' '))
  const isNumber = typeof usual === 'number'
  const typed = useTyped(String(value), (input) => {
    const given = isNumber ? input.valueAsNumber : input.value.trim()
    // Emptied, or no number: as the model has it.
    const kept = given === '' || Number.isNaN(given) ? usual : given
    input.value = String(kept)
    onChange(kept)
  })
  if (typeof usual === 'boolean')
    return (
      <label class="choice">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
        {label}
      </label>
    )
  return (
    <label class="field">
      <span>{label}</span>
      <input
        {...typed}
        type={isNumber ? 'number' : 'text'}
        step={isNumber && Number.isInteger(usual) && usual > 1 ? 1 : 'any'}
        placeholder={String(usual)}
      />
    </label>
  )
}

function RunCard({ editor, run }: { editor: Editor; run: Run }) {
  const { store } = editor
  const share = run.frames_total ? run.frames_done / run.frames_total : 0
  const names = run.tracks.map((track) => nameOf(editor, track))
  const active = isActive(run)
  const stall = stallOf(run)
  const held = run.state === 'running' ? editor.session.heldRuns.value : null
  const title =
    names.length > 3 ? t('{count} objects', { count: names.length }) : names.join(', ') || t('Looking for objects')
  return (
    <article class={`run ${run.state}`} data-run={run.state}>
      <header>
        <strong title={names.join(', ')}>{title}</strong>
        <span class="muted">
          {run.first}–{run.last}
        </span>
        {active && (
          <RunButton
            icon="stop"
            label={run.state === 'queued' ? t('Cancel') : t('Stop')}
            leaves
            onClick={() => store.runs.stop(run.id)}
          />
        )}
        {run.state !== 'failed' && editor.config.can_edit && (
          <RunButton
            icon="plus"
            label={t('Extend: go on for as many frames again')}
            onClick={() => editor.following.extend(run)}
          />
        )}
        {!active && <RunButton icon="close" label={t('Dismiss')} leaves onClick={() => store.runs.dismiss(run.id)} />}
      </header>
      {run.state === 'failed' ? (
        <p class="error" role="alert">
          {run.message}
        </p>
      ) : (
        <>
          <progress max={1} value={run.state === 'done' ? 1 : share} aria-label={t('Tracking {title}', { title })} />
          <p class="muted">{statusOf(run)}</p>
          {run.chosen && <div class="run-chosen">{run.chosen}</div>}
          {stall && <p class="stalled">{stall}</p>}
          {held && (
            <p class="stalled">
              {t('What it finds can’t be stored now; it is kept and tried again.')} {reasonOf(held)}
            </p>
          )}
          {run.state === 'done' && <DoubtfulButton editor={editor} run={run} />}
        </>
      )}
    </article>
  )
}

/** Leads to the first frame of a run that a person should look at. */
function DoubtfulButton({ editor, run }: { editor: Editor; run: Run }) {
  const frame = editor.store.queries.nextDoubtful(run.tracks, run.first - 1)
  if (frame === null || frame > run.last) return null
  return (
    <button
      type="button"
      class="link"
      title={t('{key} goes on to the next one', { key: editor.keymap.shown('doubtful.next') })}
      onClick={() => editor.step(frame - editor.session.frame.value)}
    >
      {t('Look at doubtful frames, from {frame}', { frame })}
    </button>
  )
}

/** `leaves`: its card goes away with it, so that somebody at the keyboard goes on behind it. */
function RunButton({
  icon,
  label,
  leaves = false,
  onClick,
}: {
  icon: string
  label: string
  leaves?: boolean
  onClick: () => void
}) {
  const press = (event: TargetedMouseEvent<HTMLButtonElement>) => {
    if (leaves && event.detail === 0) focusBehind(event.currentTarget)
    onClick()
  }
  return (
    <button type="button" class={`icon-button ${icon}`} title={label} aria-label={label} onClick={press}>
      <Icon name={icon} />
    </button>
  )
}

/** Focus what follows a run's card: the next one's first button, or the settings. */
function focusBehind(button: HTMLElement): void {
  const card = button.closest('article')
  const next = card?.nextElementSibling?.querySelector('button') ?? card?.closest('section')?.querySelector('summary')
  next?.focus()
}

const isActive = ({ state }: Run) => state === 'queued' || state === 'running'
