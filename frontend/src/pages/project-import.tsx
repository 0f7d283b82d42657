/** The dialog that imports a file into the videos of a project: each track goes to the video that the file names. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { AS_IT_IS, ImportChoice, importForm, type How } from '@/panels/import-choice'
import { TransferFailure, TransferReport } from '@/panels/transfer-report'
import { ApiError, type Rest } from '@/protocol/rest'
import type { FormatOut, TransferOut } from '@/protocol/generated'
import { isUnderWay, watchTransfer } from '@/protocol/transfers'

export class Imports {
  readonly isOpen = signal(false)
  readonly formats = signal<readonly FormatOut[]>([])
  readonly format = signal('cvat')
  readonly how = signal(AS_IT_IS)
  readonly transfer = signal<TransferOut | null>(null)
  readonly problem = signal('')
  /** Kept to import it again without what can't be read. */
  private file: File | null = null

  constructor(
    private readonly rest: Rest,
    private readonly project: number,
  ) {}

  /** What is still under way is shown again instead of beginning anew. */
  open(): void {
    if (!this.transfer.value || !isUnderWay(this.transfer.value)) this.transfer.value = null
    this.problem.value = ''
    this.isOpen.value = true
    if (!this.formats.value.length)
      void this.attempt(async () => void (this.formats.value = await this.rest.get('/api/formats')))
  }

  bring(file: File, how: How = this.how.value): Promise<void> {
    this.file = file
    this.problem.value = ''
    this.transfer.value = null
    return this.attempt(async () => {
      const path = { project_id: this.project }
      const form = importForm(file, this.format.value, how)
      const begun = await this.rest.upload('/api/projects/{project_id}/imports', { path }, form)
      await watchTransfer(this.rest, begun, (transfer) => (this.transfer.value = transfer))
    })
  }

  async bringRest(): Promise<void> {
    if (this.file) await this.bring(this.file, { ...this.how.value, leaveOut: true })
  }

  cancel(): Promise<void> {
    return this.attempt(async () => {
      const { value } = this.transfer
      if (value) await this.rest.delete('/api/transfers/{transfer_id}', { path: { transfer_id: value.id } })
    })
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem.value = error.message
    }
  }
}

export function ImportDialog({ imports }: { imports: Imports }) {
  const root = useRef<HTMLDialogElement>(null)
  const isOpen = imports.isOpen.value
  useEffect(() => {
    if (isOpen) root.current?.showModal()
  }, [isOpen])
  if (!isOpen) return null
  const transfer = imports.transfer.value
  const busy = transfer !== null && isUnderWay(transfer)
  return (
    <dialog
      ref={root}
      class="export-dialog stack"
      aria-labelledby="import-title"
      onClose={() => (imports.isOpen.value = false)}
    >
      <h2 id="import-title">{t('Import annotations')}</h2>
      <p class="hint">
        {t('Each track goes to the video that the file names: a CVAT project, a MOTChallenge archive or one file.')}
      </p>
      <label class="field">
        <span>{t('Format')}</span>
        <select
          value={imports.format.value}
          disabled={busy}
          onChange={(event) => (imports.format.value = event.currentTarget.value)}
        >
          {imports.formats.value.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <ImportChoice
        takes={imports.formats.value.find(({ id }) => id === imports.format.value)?.takes ?? ''}
        how={imports.how.value}
        onChange={(how) => (imports.how.value = how)}
      />
      {imports.problem.value && (
        <p class="error" role="alert">
          {imports.problem.value}
        </p>
      )}
      <div class="transfer" aria-live="polite">
        {busy && <progress max={1} value={transfer.progress} aria-label={t('Importing')} />}
        {transfer?.state === 'failed' && (
          <TransferFailure transfer={transfer} onLeaveOut={() => void imports.bringRest()} />
        )}
        {transfer?.state === 'cancelled' && <p>{t('Cancelled. Nothing was kept.')}</p>}
        {transfer?.state === 'done' && <TransferReport transfer={transfer} />}
      </div>
      <div class="row">
        <button type="button" class="button" onClick={() => root.current?.close()}>
          {t('Close')}
        </button>
        {busy ? (
          <button type="button" class="button" onClick={() => void imports.cancel()}>
            {t('Cancel')}
          </button>
        ) : (
          <label class="button primary file">
            {t('Choose a file …')}
            <input
              type="file"
              disabled={!imports.formats.value.length}
              onChange={(event) => {
                const file = event.currentTarget.files?.[0]
                event.currentTarget.value = '' // the same file may be chosen again
                if (file) void imports.bring(file)
              }}
            />
          </label>
        )}
      </div>
    </dialog>
  )
}
