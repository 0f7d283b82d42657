/** What the page with a project's review queues knows and does. */
import { computed, signal, type ReadonlySignal } from '@preact/signals'
import type { LayerQueueOut, QueuesPage } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from '../fresh'

const POLL_MS = 1000

export class Queues {
  /** null: nothing has come yet. */
  readonly rows = signal<readonly LayerQueueOut[] | null>(null)
  /** Why what is shown isn't what is there, or why it couldn't be done. */
  readonly problem = signal('')
  readonly asking = signal(false)
  /** Of those that are built, or wait for it, how many there were at most since none was. */
  readonly begun = signal(0)
  readonly open: ReadonlySignal<number>
  readonly stale: ReadonlySignal<number>
  readonly rest: Rest
  private polling = false

  constructor(readonly page: QueuesPage) {
    this.rest = new Rest(page.csrf_token)
    this.open = computed(() => (this.rows.value ?? []).filter(isOpen).length)
    this.stale = computed(() => (this.rows.value ?? []).filter((row) => wantsBuilding(row) && !isOpen(row)).length)
  }

  build(layers: number[] | null): Promise<void> {
    return this.ask(() => this.rest.post('/api/projects/{project_id}/queues', { path: this.path, body: { layers } }))
  }

  cancel(): Promise<void> {
    return this.ask(() => this.rest.delete('/api/projects/{project_id}/queues', { path: this.path }))
  }

  /** Show how all stand, and go on while some are built. */
  async refresh(): Promise<void> {
    if (this.polling) return
    this.polling = true
    try {
      do {
        this.show(await this.rest.get('/api/projects/{project_id}/queues', { path: this.path }))
        if (this.open.value) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      } while (this.open.value)
    } catch (error) {
      this.fail(error)
      if (error instanceof ApiError && error.status === 0) setTimeout(() => void this.refresh(), 5 * POLL_MS)
    } finally {
      this.polling = false
    }
  }

  private get path() {
    return { project_id: this.page.project }
  }

  private async ask(what: () => Promise<readonly LayerQueueOut[]>): Promise<void> {
    this.asking.value = true
    try {
      this.show(await what())
    } catch (error) {
      this.fail(error)
    } finally {
      this.asking.value = false
    }
    void this.refresh()
  }

  private show(rows: readonly LayerQueueOut[]): void {
    this.rows.value = rows
    this.problem.value = ''
    this.begun.value = this.open.value && Math.max(this.begun.value, this.open.value)
  }

  private fail(error: unknown): void {
    this.problem.value = error instanceof ApiError ? error.message : String(error)
    if (error instanceof ApiError && error.isOut) lookAgain()
  }
}

export const isOpen = ({ state }: LayerQueueOut): boolean => state === 'queued' || state === 'running'

/** Whether what is known of it isn't how it is now. */
export const wantsBuilding = ({ left, is_stale: isStale, state }: LayerQueueOut): boolean =>
  left === null || isStale || state === 'failed'

/** Where the editor opens at a layer's likeliest span, with its queue. */
export function addressOf({ video, layer }: LayerQueueOut, frame: number | null, job: number | null = null): string {
  const whose = job === null ? `layer=${layer}` : `job=${job}`
  return `/videos/${video}/edit/?${whose}${frame === null ? '' : `&frame=${frame}`}&queue`
}
