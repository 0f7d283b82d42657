import { t } from '@/core/text'

/** How a file is imported. */
export interface How {
  readonly createLabels: boolean
  readonly leaveOut: boolean
}

export const AS_IT_IS: How = { createLabels: false, leaveOut: false }

/** What an import may do with what doesn't fit. */
export function ImportChoice({
  takes,
  how,
  onChange,
}: {
  /** What files the chosen format reads, in a sentence. */
  takes: string
  how: How
  onChange: (how: How) => void
}) {
  return (
    <fieldset>
      <legend>{t('On import')}</legend>
      <p class="hint">{t(takes)}</p>
      <label class="choice">
        <input
          type="checkbox"
          checked={how.createLabels}
          onChange={(event) => onChange({ ...how, createLabels: event.currentTarget.checked })}
        />
        {t('Create labels the project doesn’t have')}
      </label>
      <label class="choice">
        <input
          type="checkbox"
          checked={how.leaveOut}
          onChange={(event) => onChange({ ...how, leaveOut: event.currentTarget.checked })}
        />
        {t('Leave out rows that can’t be read')}
      </label>
    </fieldset>
  )
}

/** What is sent to begin an import. */
export function importForm(file: File, format: string, how: How): FormData {
  const form = new FormData()
  form.set('file', file)
  form.set('format', format)
  form.set('create_labels', String(how.createLabels))
  form.set('leave_out', String(how.leaveOut))
  return form
}
