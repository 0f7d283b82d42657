import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { ROUGHEST_PX } from '@/editor/preferences/smart'
import type { SmartState } from '@/store/smart'
import { CommandButton } from './buttons'

/** What takes less isn't worth a word. */
const SOON_MS = 400
const SECOND_MS = 1000

/** Beside the smart tool: what answers clicks, how the question stands, and what can be done with the answer. */
export function SmartOptions({ editor }: { editor: Editor }) {
  const { session, smartSettings: settings } = editor
  if (session.tool.value !== 'smart') return null
  const segmenters = editor.config.segmenters
  const clicks = editor.clicks.value
  return (
    <div class="brush-options smart-options" role="group" aria-label={t('Smart mask')}>
      {segmenters.length > 1 && (
        <label>
          {t('Model')}
          <select
            value={editor.segmenter ?? ''}
            onChange={(event) => {
              settings.model.value = event.currentTarget.value || null
              editor.lookAtFrame()
            }}
          >
            {segmenters.map(({ id, name, available, why }) => (
              <option key={id} value={id} disabled={!available} title={why}>
                {available ? name : `${name} (${why})`}
              </option>
            ))}
          </select>
        </label>
      )}
      <label title={t('How far a polygon that a mask becomes may be off its outline')}>
        {t('Polygon tolerance, px')}
        <input
          type="number"
          min={0}
          max={ROUGHEST_PX}
          step={0.5}
          value={settings.tolerance.value}
          onChange={(event) =>
            (settings.tolerance.value = Math.min(Math.max(Number(event.currentTarget.value) || 0, 0), ROUGHEST_PX))
          }
        />
      </label>
      {clicks && (
        <>
          <CommandButton editor={editor} id="draw.finish" icon="check" text={t('Accept')} primary />
          <CommandButton editor={editor} id="draw.back" icon="undo" text={t('Take back')} />
          <CommandButton editor={editor} id="edit.escape" icon="close" text={t('Drop')} />
        </>
      )}
      <Status editor={editor} />
    </div>
  )
}

/** Said to everybody, also to who doesn't see it. */
function Status({ editor }: { editor: Editor }) {
  const state = editor.store.smart.state.value
  const waits = state !== null && !['ready', 'answered', 'failed'].includes(state.stage)
  const seconds = useSeconds(waits, state?.question)
  const text = seconds < 0 ? '' : statusOf(state, seconds)
  return (
    <span
      class={state?.stage === 'failed' ? 'smart-status error' : 'smart-status'}
      role="status"
      aria-busy={waits}
      data-stage={state?.stage ?? ''}
    >
      {waits && seconds >= 0 && <span class="spinner" aria-hidden="true" />}
      {text}
    </span>
  )
}

/** Whole seconds since it waits; -1 while that isn't worth a word, 0 where nothing is waited for. */
function useSeconds(waits: boolean, about: unknown): number {
  const since = useSignal(0)
  const seconds = useSignal(0)
  useEffect(() => {
    if (!waits) {
      seconds.value = 0
      return
    }
    seconds.value = -1
    since.value = Date.now()
    const soon = setTimeout(() => (seconds.value = 0), SOON_MS)
    const each = setInterval(() => (seconds.value = Math.floor((Date.now() - since.value) / SECOND_MS)), SECOND_MS)
    return () => {
      clearTimeout(soon)
      clearInterval(each)
    }
  }, [waits, about])
  return waits ? seconds.value : 0
}

/** How a question stands, for the person; `seconds`: for how long it has been waited for. */
export function statusOf(state: SmartState | null, seconds: number): string {
  if (!state) return t('Click on an object, or drag a box around it.')
  const { stage, question, score, message } = state
  const after = seconds > 0 ? ` ${t('{seconds} s', { seconds })}` : ''
  const asked = question.clicks.length > 0 || question.box !== null
  switch (stage) {
    case 'failed':
      return message
    case 'asked':
      return message || t('Asking…') + after
    case 'fetching':
      return t('Fetching the frame…') + after
    case 'looking':
      return (asked ? t('Looking at the frame; your clicks are answered then.') : t('Looking at the frame…')) + after
    case 'ready':
      return t('Ready: click on an object, or drag a box around it.')
    case 'answered': {
      const clicks = counted(question.clicks.length, '{count} click', '{count} clicks')
      const what = [question.clicks.length ? clicks : '', question.box ? t('a box') : ''].filter(Boolean).join(', ')
      return state.mask
        ? t('{what}: the model is {score} % sure of its mask.', { what, score: Math.round(100 * score) })
        : t('{what}: nothing is left.', { what })
    }
  }
}
