import { t } from '@/core/text'
import type { FormatOut } from '@/protocol/generated'
import type { Wanted } from '@/protocol/transfers'

/** A format, and what it offers to choose. */
export function FormatChoice({
  formats,
  wanted,
  onChange,
}: {
  formats: readonly FormatOut[]
  wanted: Wanted
  onChange: (wanted: Wanted) => void
}) {
  const chosen = formats.find(({ id }) => id === wanted.format)
  return (
    <>
      <fieldset>
        <legend>{t('Format')}</legend>
        {formats.map(({ id, label }) => (
          <label key={id} class="choice">
            <input
              type="radio"
              name="format"
              value={id}
              checked={wanted.format === id}
              onChange={() => onChange({ format: id, options: {} })}
            />
            {label}
          </label>
        ))}
      </fieldset>
      {chosen && <p class="hint">{t(chosen.writes)}</p>}
      {chosen?.options.map((option) => (
        <label key={option.id} class="field">
          <span>{option.label}</span>
          <select
            value={wanted.options[option.id] ?? option.choices[0]?.value}
            onChange={(event) =>
              onChange({ ...wanted, options: { ...wanted.options, [option.id]: event.currentTarget.value } })
            }
          >
            {option.choices.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      ))}
    </>
  )
}
