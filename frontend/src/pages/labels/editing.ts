/** The labels as they are being edited, and saving them. */
import { signal } from '@preact/signals'
import { t } from '@/core/text'
import type { LabelOut, LabelsPage, ProblemOut, RefusedOut } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from '../fresh'
import { othersChanges, type Draft, type Label } from './model'

export class Editing {
  readonly draft = signal<Draft>({ labels: [], removed: [], removed_attributes: [], seen: [] })
  readonly problems = signal<readonly ProblemOut[]>([])
  readonly notice = signal('')
  readonly changed = signal(false)
  readonly saving = signal(false)

  constructor(
    readonly data: LabelsPage,
    private readonly rest = new Rest(data.csrf_token),
  ) {
    this.take(data.labels)
  }

  /** How many tracks have a label. */
  used({ id }: Label): number {
    return id === null ? 0 : (this.data.used[id] ?? 0)
  }

  change(next: Draft): void {
    this.draft.value = next
    this.changed.value = true
    this.notice.value = ''
  }

  async save(): Promise<void> {
    this.saving.value = true
    try {
      const path = { project_id: this.data.project }
      const sent = this.draft.value
      const saved = await this.rest.put('/api/projects/{project_id}/labels', { path, body: sent })
      const others = othersChanges(sent, saved)
      this.take(saved)
      this.notice.value = others.length
        ? t('Saved, beside what others changed meanwhile: {labels}.', { labels: others.join(', ') })
        : t('Saved.')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { problems = [] } = (error.body ?? {}) as Partial<RefusedOut>
      const unreachable = t('The server can’t be reached. Nothing is lost: save again when the connection is back.')
      this.refuse(error.status ? error.message : unreachable, problems)
      if (error.isOut) lookAgain()
    } finally {
      this.saving.value = false
    }
  }

  private take(labels: readonly LabelOut[]): void {
    this.draft.value = { labels, removed: [], removed_attributes: [], seen: labels }
    this.problems.value = []
    this.changed.value = false
  }

  private refuse(message: string, problems: readonly ProblemOut[]): void {
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
