/** The label editor: rows that keep what was typed, whatever the server says to it. */
import { render } from 'preact'
import { t } from '@/core/text'
import type { LabelsPage } from '@/protocol/generated'
import { Editing } from './editing'
import { addLabel, otherProblems } from './model'
import { Row } from './row'

/** `<section id="labels-editor">` beside `<script id="labels-page">`, in templates/project_labels.html.
 * Returns whether something is unsaved. */
export function mountLabels(root: HTMLElement): () => boolean {
  const data = JSON.parse(document.getElementById('labels-page')?.textContent ?? '') as LabelsPage
  const editing = new Editing(data)
  addEventListener('beforeunload', (event) => {
    if (editing.changed.value) event.preventDefault()
  })
  const host = document.createElement('div')
  root.append(host)
  render(<Labels editing={editing} />, host)
  return () => editing.changed.value
}

function Labels({ editing }: { editing: Editing }) {
  const { data } = editing
  const draft = editing.draft.value
  const general = otherProblems(editing.problems.value, draft.labels)
  return (
    <>
      {general.map((message) => (
        <p class="message error" role="alert">
          {message}
        </p>
      ))}
      {draft.labels.length ? (
        <ol class="label-rows">
          {draft.labels.map((label, index) => (
            <Row key={label.id ?? `new-${index}`} editing={editing} label={label} index={index} />
          ))}
        </ol>
      ) : (
        <div class="empty tall">
          <p>
            <strong>{t('No labels yet.')}</strong>
            <br />
            {data.may_manage
              ? t('A label is a class of objects, like person or car. Add the first one.')
              : t('A manager of this project can add some.')}
          </p>
        </div>
      )}
      {data.may_manage && (
        <div class="line toolbar">
          <button type="button" class="button" onClick={() => editing.change(addLabel(draft, data.palette))}>
            {t('Add a label')}
          </button>
          <span class="spring" />
          <span class="muted" role="status">
            {editing.notice.value || (editing.changed.value ? t('Not saved yet') : '')}
          </span>
          <button
            type="button"
            class="button primary"
            disabled={editing.saving.value || !editing.changed.value}
            onClick={() => void editing.save()}
          >
            {t('Save labels')}
          </button>
        </div>
      )}
    </>
  )
}
