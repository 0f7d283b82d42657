/** The labels as they are being edited, and saving them. */
import { signal } from '@preact/signals'
import { t } from '@/core/text'
import type { Draft, Label, Problem } from './model'

export interface LabelsData {
  readonly project: number
  readonly csrfToken: string
  readonly mayManage: boolean
  readonly labels: readonly Label[]
  readonly geometryKinds: readonly (readonly [string, string])[]
  readonly attributeKinds: readonly (readonly [string, string])[]
  readonly palette: readonly string[]
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
