/** What the pages know and do about whole projects as files: those of a project, or those brought into a workspace. */
import { computed, signal } from '@preact/signals'
import { Upload } from 'tus-js-client'
import { t } from '@/core/text'
import type { ParcelOut, ParcelsPage } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from '../fresh'

const POLL_MS = 700
const CHUNK = 4 * 2 ** 20
const RETRIES_MS = [0, 500, 1000, 2000, 5000, 10_000, 20_000]

/** What is on its way to the server from this page. */
export interface Sending {
  readonly name: string
  readonly share: number
  /** Empty while it goes well. */
  readonly error: string
}

export class Parcels {
  /** null: nothing has come yet. */
  readonly rows = signal<readonly ParcelOut[] | null>(null)
  readonly problem = signal('')
  readonly withMedia = signal(true)
  readonly asking = signal(false)
  readonly sending = signal<Sending | null>(null)
  readonly isOpen = computed(() => (this.rows.value ?? []).some(isUnderWay))
  readonly rest: Rest
  private polling = false
  private upload: Upload | null = null

  constructor(readonly page: ParcelsPage) {
    this.rest = new Rest(page.csrf_token)
  }

  get isBusy(): boolean {
    return this.sending.value !== null && !this.sending.value.error
  }

  async export(): Promise<void> {
    const { project } = this.page
    if (project === null) return
    const body = { with_media: this.withMedia.value }
    await this.ask(() => this.rest.post('/api/projects/{project_id}/parcels', { path: { project_id: project }, body }))
  }

  remove(parcel: ParcelOut): Promise<void> {
    return this.ask(() => this.rest.delete('/api/parcels/{parcel_id}', { path: { parcel_id: parcel.id } }))
  }

  /** Bring a file; what was sent of it before, from this browser, isn't sent again. */
  send(file: File): void {
    this.sending.value = { name: file.name, share: 0, error: '' }
    const upload = new Upload(file, {
      endpoint: '/api/parcels/',
      chunkSize: CHUNK,
      retryDelays: RETRIES_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, workspace: String(this.page.workspace) },
      headers: { 'X-CSRFToken': this.page.csrf_token },
      onProgress: (sent, total) => this.note({ share: total ? sent / total : 0, error: '' }),
      onError: (error) => this.note({ error: messageOf(error) }),
      onSuccess: () => this.forget(),
    })
    this.upload = upload
    void upload.findPreviousUploads().then((found) => {
      const here = found.find((each) => each.metadata['workspace'] === String(this.page.workspace))
      if (here) upload.resumeFromPreviousUpload(here)
      upload.start()
    })
  }

  stopSending(): void {
    void this.upload?.abort(true).catch(() => undefined)
    this.forget()
  }

  /** Show how all stand, and go on while some are under way. */
  async refresh(): Promise<void> {
    if (this.polling) return
    this.polling = true
    try {
      do {
        this.rows.value = await this.load()
        if (this.isOpen.value) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      } while (this.isOpen.value)
    } catch (error) {
      this.fail(error)
      if (error instanceof ApiError && error.status === 0) setTimeout(() => void this.refresh(), 5 * POLL_MS)
    } finally {
      this.polling = false
    }
  }

  private load(): Promise<readonly ParcelOut[]> {
    const { project, workspace } = this.page
    if (project === null)
      return this.rest.get('/api/workspaces/{workspace_id}/parcels', { path: { workspace_id: workspace } })
    return this.rest.get('/api/projects/{project_id}/parcels', { path: { project_id: project } })
  }

  private note(change: Partial<Sending>): void {
    if (this.sending.value) this.sending.value = { ...this.sending.value, ...change }
  }

  private forget(): void {
    this.sending.value = null
    this.upload = null
    void this.refresh()
  }

  private async ask(what: () => Promise<unknown>): Promise<void> {
    this.asking.value = true
    this.problem.value = ''
    try {
      await what()
    } catch (error) {
      this.fail(error)
    } finally {
      this.asking.value = false
    }
    void this.refresh()
  }

  private fail(error: unknown): void {
    this.problem.value = error instanceof ApiError ? error.message : String(error)
    if (error instanceof ApiError && error.isOut) lookAgain()
  }
}

export const isUnderWay = ({ state }: ParcelOut): boolean => state === 'queued' || state === 'running'

/** "3 videos, 12 objects": what there is none of isn't named. */
export function takenInWords({ report }: ParcelOut): string {
  return report.taken
    .filter(({ count }) => count > 0)
    .map(({ words: [one, several], count }) => `${count.toLocaleString('en')} ${t(count === 1 ? one : several)}`)
    .join(', ')
}

/** The words of the server's answer, where there is one. */
function messageOf(error: unknown): string {
  const body = (error as { originalResponse?: { getBody(): string } | null }).originalResponse?.getBody()
  try {
    return (JSON.parse(body ?? '') as { message: string }).message
  } catch {
    return body || t('The connection broke off. Choose the file again to go on where it stopped.')
  }
}
