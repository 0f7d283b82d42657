import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { shownOf, stepsAround, valueByDigit, valueText, type Field, type Shown } from '@/editor/objects/attributes'
import { clearFromHere, fieldsOf, removeStep, selectedTracks, setAttribute } from '@/editor/commands/attributes'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Track } from '@/store/types'
import { AttributeControl } from './attribute-control'
import { Icon } from './icons'
import { Section } from './section'

/** What is known of the selected objects beside where they are, on this frame, and changing it. */
export function Attributes({ editor }: { editor: Editor }) {
  const within = useSignal(false)
  const tracks = selectedTracks(editor)
  if (editor.config.labels.every(({ attributes }) => !attributes.length)) return null
  const fields = fieldsOf(editor, tracks)
  const range = editor.session.range.value
  return (
    <Section
      editor={editor}
      id="attributes"
      title={t('Attributes')}
      label={t('Attributes of the selection')}
      aside={<span class="count">{fields.length ? namesOf(editor, tracks) : whyNone(tracks)}</span>}
    >
      {range && fields.some(({ perFrame }) => perFrame) && (
        <label class="choice">
          <input
            type="checkbox"
            checked={within.value}
            onChange={(event) => (within.value = event.currentTarget.checked)}
          />
          {t('Change frames {first}–{last} only', { first: range[0], last: range[1] })}
        </label>
      )}
      {fields.length > 0 && (
        <div class="attribute-list" onKeyDown={(event) => leave(editor, event)}>
          {fields.map((field, index) => (
            <Row
              key={field.name}
              editor={editor}
              field={field}
              tracks={tracks}
              range={within.value ? range : null}
              index={index}
            />
          ))}
        </div>
      )}
    </Section>
  )
}

interface RowProps {
  readonly editor: Editor
  readonly field: Field
  readonly tracks: readonly Track[]
  readonly range: readonly [number, number] | null
  /** Its place in the panel. */
  readonly index: number
}

function Row({ editor, field, tracks, range, index }: RowProps) {
  const id = `attribute-${index}`
  const shown = shownOf(field, tracks, editor.session.frame.value)
  const readOnly = !editor.config.can_edit || tracks.every(({ locked }) => locked)
  const change = (value: unknown) => setAttribute(editor, field, value, range)
  const byDigit = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox'
    const digit = editor.keymap.readings(event).find((key) => /^[0-9]$/.test(key))
    if (typing || readOnly || digit === undefined) return
    const value = valueByDigit(field, shown.held.value, Number(digit))
    if (value !== undefined) change(value)
    // A digit is never a label's here.
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class={`attribute ${field.kind}`} onKeyDown={byDigit}>
      <span class="attribute-name" id={id} title={field.name}>
        {field.name}
      </span>
      <span class="attribute-from">{fromText(shown)}</span>
      {field.perFrame && <Steps editor={editor} field={field} tracks={tracks} shown={shown} readOnly={readOnly} />}
      <AttributeControl
        key={tracks.map((track) => track.id).join()}
        field={field}
        shown={shown}
        readOnly={readOnly}
        labelledBy={id}
        first={index === 0}
        onChange={change}
      />
    </div>
  )
}

/** To where a per-frame attribute changes, and changes taken back. */
function Steps({
  editor,
  field,
  tracks,
  shown,
  readOnly,
}: Omit<RowProps, 'range' | 'index'> & { shown: Shown; readOnly: boolean }) {
  const frame = editor.session.frame.value
  const { before, after } = stepsAround(field, tracks, frame)
  const here = shown.held.from === 'here'
  return (
    <span class="attribute-steps">
      <StepButton
        icon="back"
        label={t('Where {name} changes before', { name: field.name })}
        disabled={before === null}
        onClick={() => editor.step(before! - frame)}
      />
      <StepButton
        icon="diamond"
        filled={here}
        label={
          here
            ? t('Take the change of {name} on this frame back', { name: field.name })
            : t('{name} doesn’t change on this frame', { name: field.name })
        }
        disabled={!here || readOnly}
        onClick={() => removeStep(editor, field)}
      />
      <StepButton
        icon="forth"
        label={t('Where {name} changes next', { name: field.name })}
        disabled={after === null}
        onClick={() => editor.step(after! - frame)}
      />
      <StepButton
        icon="clearFrom"
        label={t('Clear {name} from this frame on', { name: field.name })}
        disabled={readOnly || (!here && after === null)}
        onClick={() => clearFromHere(editor, field)}
      />
    </span>
  )
}

function StepButton({
  icon,
  label,
  disabled,
  filled = false,
  onClick,
}: {
  icon: string
  label: string
  disabled: boolean
  filled?: boolean
  onClick: () => void
}) {
  return (
    <button
      type="button"
      class={filled ? 'icon-button filled' : 'icon-button'}
      tabIndex={-1}
      title={label}
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

/** Escape goes back to the picture, and keeps the selection. */
function leave(editor: Editor, event: KeyboardEvent): void {
  if (event.key !== 'Escape') return
  const { target } = event
  if (target instanceof HTMLInputElement && target.type !== 'checkbox') target.value = target.defaultValue
  editor.focusPanel('stage')
  event.preventDefault()
  event.stopPropagation()
}

function fromText({ held, mixed }: Shown): string {
  if (mixed) return t('mixed')
  if (held.from === 'default') return valueText(held.value) && t('default')
  return held.from === 'earlier' ? t('since {frame}', { frame: held.since! }) : ''
}

function namesOf(editor: Editor, tracks: readonly Track[]): string {
  const [track, ...others] = tracks
  if (!track) return ''
  if (others.length) return t('{count} objects', { count: tracks.length })
  const name = nameOf(editor, track)
  return track.locked ? t('{name} · locked', { name }) : name
}

function whyNone(tracks: readonly Track[]): string {
  if (!tracks.length) return t('select an object')
  return tracks.length === 1 ? t('its label has none') : t('these labels share none')
}
