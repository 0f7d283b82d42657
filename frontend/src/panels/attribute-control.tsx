import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { LONGEST_TEXT } from '@/protocol/generated'
import { toggled, valueText, type Field, type Shown } from '@/editor/objects/attributes'
import { useTyped } from './typed'

/** More choices than this are a list to open instead of chips. */
const MOST_CHIPS = 9

interface ControlProps {
  readonly field: Field
  readonly shown: Shown
  readonly readOnly: boolean
  readonly labelledBy: string
  /** Whether the panel's focus begins here. */
  readonly first: boolean
  readonly onChange: (value: unknown) => void
}

/** The control that fits the kind of an attribute. Null asks for the default again. */
export function AttributeControl(props: ControlProps) {
  const { field } = props
  if (field.kind === 'select' && field.choices.length > MOST_CHIPS) return <List {...props} />
  if (field.kind === 'select' || field.kind === 'multi_select') return <Chips {...props} />
  return field.kind === 'checkbox' ? <Check {...props} /> : <Text {...props} />
}

/** Choices side by side, one stop of Tab: arrow keys walk, digits choose. */
function Chips({ field, shown, readOnly, labelledBy, first, onChange }: ControlProps) {
  const group = useRef<HTMLDivElement>(null)
  const many = field.kind === 'multi_select'
  const { value, from } = shown.held
  const isChosen = (choice: string) =>
    !shown.mixed && (many ? Array.isArray(value) && value.includes(choice) : value === choice)
  const stop = Math.max(many ? 0 : field.choices.findIndex(isChosen), 0)
  useLayoutEffect(() => {
    if (!many && group.current?.contains(document.activeElement))
      (group.current.children[stop] as HTMLElement | undefined)?.focus()
  }, [many, stop])
  const choose = (choice: string) => onChange(many ? toggled(value, choice, field.choices) : choice)
  return (
    <div
      ref={group}
      class={`chips ${from === 'default' ? 'is-default' : ''}`}
      role={many ? 'group' : 'radiogroup'}
      aria-labelledby={labelledBy}
      onKeyDown={walk}
    >
      {field.choices.map((choice, index) => (
        <button
          key={choice}
          type="button"
          class="chip small"
          role={many ? 'checkbox' : 'radio'}
          aria-checked={isChosen(choice)}
          tabIndex={index === stop ? 0 : -1}
          disabled={readOnly}
          {...(first && index === stop ? { 'data-first': '' } : {})}
          onClick={() => choose(choice)}
        >
          {index < 9 && <kbd aria-hidden="true">{index + 1}</kbd>}
          {choice}
        </button>
      ))}
    </div>
  )
}

/** Arrow keys go to the neighbouring chip; of a choice of one they choose it, as in any radio group. */
function walk(event: KeyboardEvent): void {
  const by = ({ ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 } as Record<string, number>)[event.key]
  if (!by || !(event.target instanceof HTMLButtonElement)) return
  const chips = [...(event.currentTarget as HTMLElement).querySelectorAll('button')]
  const next = chips[(chips.indexOf(event.target) + by + chips.length) % chips.length]!
  next.focus()
  if (next.getAttribute('role') === 'radio') next.click()
  event.preventDefault()
  event.stopPropagation()
}

function List({ field, shown, readOnly, labelledBy, first, onChange }: ControlProps) {
  const { mixed, held } = shown
  return (
    <select
      aria-labelledby={labelledBy}
      disabled={readOnly}
      value={mixed ? '' : valueText(held.value)}
      {...(first ? { 'data-first': '' } : {})}
      onChange={(event) => onChange(event.currentTarget.value || null)}
    >
      <option value="">{mixed ? t('Mixed') : '—'}</option>
      {field.choices.map((choice) => (
        <option key={choice} value={choice}>
          {choice}
        </option>
      ))}
    </select>
  )
}

function Check({ shown, readOnly, labelledBy, first, onChange }: ControlProps) {
  const { mixed, held } = shown
  return (
    <label class="choice">
      <input
        type="checkbox"
        aria-labelledby={labelledBy}
        checked={held.value === true && !mixed}
        indeterminate={mixed}
        disabled={readOnly}
        {...(first ? { 'data-first': '' } : {})}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{mixed ? t('Mixed') : valueText(held.value === true)}</span>
    </label>
  )
}

function Text({ field, shown, readOnly, labelledBy, first, onChange }: ControlProps) {
  const { mixed, held } = shown
  const numeric = field.kind === 'number'
  const text = mixed ? '' : valueText(held.value)
  const finish = (input: HTMLInputElement) => {
    if (!input.value.trim() && !input.validity.badInput) onChange(null)
    else if (!numeric) onChange(input.value)
    else if (Number.isFinite(input.valueAsNumber)) onChange(input.valueAsNumber)
    else input.value = text
  }
  const typed = useTyped(text, finish)
  return (
    <input
      {...typed}
      type={numeric ? 'number' : 'text'}
      {...(numeric ? { step: 'any' } : { maxLength: LONGEST_TEXT })}
      aria-labelledby={labelledBy}
      placeholder={mixed ? t('Mixed') : ''}
      disabled={readOnly}
      {...(first ? { 'data-first': '' } : {})}
    />
  )
}
