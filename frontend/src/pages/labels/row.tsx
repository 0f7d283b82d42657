import { counted, t } from '@/core/text'
import { LONGEST_NAME, type GeometryKind } from '@/protocol/generated'
import { AttributeRow } from './attribute'
import type { Editing } from './editing'
import { Field } from './field'
import { SkeletonEditor } from './skeleton'
import { addAttribute, changeLabel, moveLabel, problemAt, removeLabel, type Label } from './model'

/** One label: a line with its name, colour and key; what else it has folds out below. */
export function Row({ editing, label, index }: { editing: Editing; label: Label; index: number }) {
  const { data, draft, problems } = editing
  const change = (values: Partial<Label>) => editing.change(changeLabel(draft.value, index, values))
  const wrong = (field: string) => problemAt(problems.value, index, field)
  const name = label.name || t('the new label')
  const used = editing.used(label)
  const fixed = !data.may_manage
  return (
    <li class="card label-row">
      <div class="label-line">
        <input
          type="color"
          value={label.colour}
          disabled={fixed}
          aria-label={t('Colour of {name}', { name })}
          onInput={(event) => change({ colour: event.currentTarget.value })}
        />
        <Field problem={wrong('name')}>
          <input
            value={label.name}
            disabled={fixed}
            maxLength={LONGEST_NAME}
            placeholder={t('Name')}
            aria-label={t('Name of {name}', { name })}
            aria-invalid={wrong('name') !== ''}
            autoFocus={label.id === null && label.name === ''}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </Field>
        <Field problem={wrong('hotkey')}>
          <label class="key-field">
            {t('Key')}
            <input
              value={label.hotkey}
              disabled={fixed}
              maxLength={1}
              aria-label={t('Hotkey of {name}', { name })}
              aria-invalid={wrong('hotkey') !== ''}
              onInput={(event) => change({ hotkey: event.currentTarget.value.toLowerCase() })}
            />
          </label>
        </Field>
        <span class="muted used">{used ? counted(used, '{count} object', '{count} objects') : ''}</span>
        {!fixed && (
          <span class="row">
            <button
              type="button"
              class="button quiet small"
              disabled={index === 0}
              aria-label={t('Move {name} up', { name })}
              onClick={() => editing.change(moveLabel(draft.value, index, -1))}
            >
              ↑
            </button>
            <button
              type="button"
              class="button quiet small"
              disabled={index === draft.value.labels.length - 1}
              aria-label={t('Move {name} down', { name })}
              onClick={() => editing.change(moveLabel(draft.value, index, 1))}
            >
              ↓
            </button>
            <button
              type="button"
              class="button quiet small danger"
              disabled={used > 0}
              title={used ? t('Objects have this label. Give them another one first.') : undefined}
              onClick={() => editing.change(removeLabel(draft.value, index))}
            >
              {t('Delete')}
              <span class="sr-only"> {name}</span>
            </button>
          </span>
        )}
      </div>
      <fieldset class="choices" disabled={fixed}>
        <legend class="sr-only">{t('Shapes of {name}', { name })}</legend>
        {data.geometry_kinds.map(({ kind, words }) => (
          <label key={kind}>
            <input
              type="checkbox"
              checked={label.geometry_kinds.includes(kind)}
              onChange={(event) =>
                change({ geometry_kinds: toggled(label.geometry_kinds, kind, event.currentTarget.checked) })
              }
            />
            {words}
          </label>
        ))}
        {wrong('geometry_kinds') && <p class="error">{wrong('geometry_kinds')}</p>}
      </fieldset>
      {label.geometry_kinds.includes('skeleton') && (
        <SkeletonEditor
          name={name}
          colour={label.colour}
          skeleton={label.skeleton}
          inUse={used > 0 && label.skeleton !== null}
          fixed={fixed}
          problem={wrong('skeleton')}
          onChange={(skeleton) => change({ skeleton })}
        />
      )}
      {label.attributes.length > 0 && (
        <ul class="attributes">
          <li class="heads" aria-hidden="true">
            <span>{t('Attribute')}</span>
            <span>{t('Kind')}</span>
            <span>{t('Choices')}</span>
            <span>{t('Default')}</span>
          </li>
          {label.attributes.map((attribute, number) => (
            <AttributeRow
              key={attribute.id ?? `new-${number}`}
              editing={editing}
              attribute={attribute}
              index={index}
              number={number}
            />
          ))}
        </ul>
      )}
      {!fixed && (
        <button
          type="button"
          class="button quiet small add-attribute"
          onClick={() => editing.change(addAttribute(draft.value, index))}
        >
          {t('Add an attribute')}
          <span class="sr-only"> {t('to {name}', { name })}</span>
        </button>
      )}
    </li>
  )
}

function toggled(kinds: readonly GeometryKind[], kind: GeometryKind, on: boolean): GeometryKind[] {
  return on ? [...kinds, kind] : kinds.filter((each) => each !== kind)
}
