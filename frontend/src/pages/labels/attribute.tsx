import { t } from '@/core/text'
import { LONGEST_NAME, type AttributeKind } from '@/protocol/generated'
import type { Editing } from './editing'
import { Field } from './field'
import { changeAttribute, defaultFrom, defaultText, problemAt, removeAttribute, type Attribute } from './model'

interface Props {
  readonly editing: Editing
  readonly attribute: Attribute
  /** Of the label. */
  readonly index: number
  /** Of the attribute in it. */
  readonly number: number
}

export function AttributeRow({ editing, attribute, index, number }: Props) {
  const { data, draft, problems } = editing
  const change = (values: Partial<Attribute>) => editing.change(changeAttribute(draft.value, index, number, values))
  const wrong = (field: string) => problemAt(problems.value, index, 'attributes', number, field)
  const name = attribute.name || t('the new attribute')
  const chosen = attribute.kind === 'select' || attribute.kind === 'multi_select'
  return (
    <li>
      <fieldset disabled={!data.may_manage}>
        <legend class="sr-only">{name}</legend>
        <Field problem={wrong('name')}>
          <input
            value={attribute.name}
            maxLength={LONGEST_NAME}
            placeholder={t('Attribute')}
            aria-label={t('Name of {name}', { name })}
            aria-invalid={wrong('name') !== ''}
            autoFocus={attribute.id === null && attribute.name === ''}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </Field>
        <Field problem={wrong('kind')}>
          <select
            value={attribute.kind}
            aria-label={t('Kind of {name}', { name })}
            aria-invalid={wrong('kind') !== ''}
            onChange={(event) => change({ kind: event.currentTarget.value as AttributeKind })}
          >
            {data.attribute_kinds.map(({ kind, words }) => (
              <option key={kind} value={kind}>
                {words}
              </option>
            ))}
          </select>
        </Field>
        {chosen ? (
          <Field problem={wrong('choices')}>
            <textarea
              rows={Math.max(2, attribute.choices.length)}
              placeholder={t('Choices, one a line')}
              aria-label={t('Choices of {name}, one a line', { name })}
              aria-invalid={wrong('choices') !== ''}
              value={attribute.choices.join('\n')}
              onInput={(event) => change({ choices: event.currentTarget.value.split('\n') })}
            />
          </Field>
        ) : (
          <span class="no-choices">{t('none')}</span>
        )}
        <Field problem={wrong('default')}>
          <Default attribute={attribute} name={name} wrong={wrong('default') !== ''} change={change} />
        </Field>
        <label class="per-frame" title={t('May change from frame to frame; otherwise it holds for the whole track.')}>
          <input
            type="checkbox"
            checked={attribute.per_frame}
            onChange={(event) => change({ per_frame: event.currentTarget.checked })}
          />
          {t('Per frame')}
        </label>
        {data.may_manage && (
          <button
            type="button"
            class="button quiet small danger"
            onClick={() => editing.change(removeAttribute(draft.value, index, number))}
          >
            {t('Delete')}
            <span class="sr-only"> {name}</span>
          </button>
        )}
      </fieldset>
    </li>
  )
}

/** What a new object begins with. */
function Default({
  attribute,
  name,
  wrong,
  change,
}: {
  attribute: Attribute
  name: string
  wrong: boolean
  change: (values: Partial<Attribute>) => void
}) {
  const { kind } = attribute
  const text = defaultText(kind, kind === 'multi_select' ? null : attribute.default)
  const choices = attribute.choices.map((choice) => choice.trim()).filter(Boolean)
  const common = { 'aria-label': t('Default of {name}', { name }), 'aria-invalid': wrong }
  if (kind === 'multi_select') {
    const begun = Array.isArray(attribute.default) ? (attribute.default as string[]) : []
    const toggle = (choice: string, on: boolean) => {
      const next = choices.filter((each) => (each === choice ? on : begun.includes(each)))
      change({ default: next.length ? next : null })
    }
    return (
      <span class="begun">
        {choices.map((choice) => (
          <label key={choice}>
            <input
              type="checkbox"
              checked={begun.includes(choice)}
              onChange={(event) => toggle(choice, event.currentTarget.checked)}
            />
            {choice}
          </label>
        ))}
      </span>
    )
  }
  if (kind === 'select' || kind === 'checkbox') {
    const options = kind === 'select' ? choices : ['on', 'off']
    return (
      <select
        {...common}
        value={text}
        onChange={(event) => change({ default: defaultFrom(kind, event.currentTarget.value) })}
      >
        <option value="">{t('No default')}</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    )
  }
  // Read when it is left, not with every key: "1." is on its way to a number.
  return (
    <input
      {...common}
      placeholder={t('Default')}
      value={text}
      inputMode={kind === 'number' ? 'decimal' : 'text'}
      onChange={(event) => change({ default: defaultFrom(kind, event.currentTarget.value) })}
    />
  )
}
