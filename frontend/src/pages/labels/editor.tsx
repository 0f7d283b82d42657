/** The label editor: rows that keep what was typed, whatever the server says to it. */
import { signal } from '@preact/signals'
import { render } from 'preact'
import { t } from '@/core/text'
import { Row } from './row'
import { addLabel, otherProblems, type Draft, type Label, type Problem } from './model'

export interface LabelsData {
  readonly project: number
  readonly csrfToken: string
  readonly mayManage: boolean
  readonly labels: readonly Label[]
  readonly geometryKinds: readonly (readonly [string, string])[]
  readonly attributeKinds: readonly (readonly [string, string])[]
  readonly palette: readonly string[]
}

/** `<section id="labels-editor">` beside `<script id="labels-data">`, in templates/project_labels.html. */
export function mountLabels(root: HTMLElement): void {
  const data = JSON.parse(document.getElementById('labels-data')?.textContent ?? '') as LabelsData
  const editing = new Editing(data)
  addEventListener('beforeunload', (event) => {
    if (editing.changed.value) event.preventDefault()
  })
  const host = document.createElement('div')
  root.append(host)
  render(<Labels editing={editing} />, host)
}

export class Editing {
  readonly draft = signal<Draft>({ labels: [], removed: [], removed_attributes: [] })
  readonly problems = signal<readonly Problem[]>([])
  readonly notice = signal('')
  readonly changed = signal(false)
  readonly saving = signal(false)

  constructor(readonly data: LabelsData) {
    this.take(data.labels)
  }

  change(next: Draft): void {
    this.draft.value = next
    this.changed.value = true
    this.notice.value = ''
  }

  async save(): Promise<void> {
    this.saving.value = true
    try {
      const answer = await this.send()
      const body = (await answer.json()) as unknown
      if (answer.ok) {
        this.take(body as readonly Label[])
        this.notice.value = t('Saved.')
      } else this.refuse(body as { message?: string; problems?: readonly Problem[] })
    } catch {
      this.refuse({
        message: t('The server can’t be reached. Nothing is lost: save again when the connection is back.'),
      })
    } finally {
      this.saving.value = false
    }
  }

  /** Not through `Rest`: its errors carry a sentence, and this needs the place of each problem. */
  private send(): Promise<Response> {
    const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': this.data.csrfToken }
    const body = JSON.stringify(this.draft.value)
    return fetch(`/api/projects/${this.data.project}/labels`, {
      method: 'PUT',
      headers,
      body,
      credentials: 'same-origin',
    })
  }

  private take(labels: readonly Label[]): void {
    const counts = new Map(this.data.labels.map(({ id, tracks }) => [id, tracks ?? 0]))
    this.draft.value = {
      labels: labels.map((label) => ({ ...label, tracks: counts.get(label.id) ?? 0 })),
      removed: [],
      removed_attributes: [],
    }
    this.problems.value = []
    this.changed.value = false
  }

  private refuse({
    message = t('The labels could not be saved.'),
    problems = [],
  }: {
    message?: string
    problems?: readonly Problem[]
  }): void {
    // What was to be removed and can't be comes back when the page is loaded; until then, saving leaves it alone.
    const kept = (kind: string) =>
      new Set(problems.filter(({ path }) => path[0] === kind).map(({ path }) => Number(path[1])))
    const draft = this.draft.value
    this.draft.value = {
      ...draft,
      removed: draft.removed.filter((id) => !kept('removed').has(id)),
      removed_attributes: draft.removed_attributes.filter((id) => !kept('removed_attributes').has(id)),
    }
    this.problems.value = problems.length ? problems : [{ path: [], message }]
    requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())
  }
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
            {data.mayManage
              ? t('A label is a class of objects, like person or car. Add the first one.')
              : t('A manager of this project can add some.')}
          </p>
        </div>
      )}
      {data.mayManage && (
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
