import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { ApiError, type Rest } from '@/protocol/rest'
import { isUnderWay, watchTransfer, type Format, type Transfer, type Wanted } from '@/protocol/transfers'
import { FormatChoice } from './format-choice'
import { Icon } from './icons'
import { MenuButton } from './menu-button'

const open = signal(false)
const formats = signal<readonly Format[]>([])
const wanted = signal<Wanted>({ format: 'framewise', options: {} })
const createLabels = signal(false)
const current = signal<Transfer | null>(null)

/** Export the layer to a file, or import one into it; both run in the background with progress. */
export function ExportMenu({ editor, rest }: { editor: Editor; rest: Rest }) {
  const tell = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error
    editor.session.tell(error.message, 'error')
  }
  useEffect(() => {
    if (open.value && !formats.value.length)
      rest.get<readonly Format[]>('/formats').then((listed) => (formats.value = listed), tell)
  }, [open.value])
  return (
    <MenuButton open={open} icon="download" text={t('Export')} label={t('Export')}>
      <Panel editor={editor} rest={rest} tell={tell} />
    </MenuButton>
  )
}

function Panel({ editor, rest, tell }: { editor: Editor; rest: Rest; tell: (error: unknown) => void }) {
  const layer = editor.config.layer.id
  const { format } = wanted.value
  const watch = (begun: Transfer) => watchTransfer(rest, begun, (transfer) => (current.value = transfer))
  const begin = () => {
    rest.send<Transfer>('POST', `/layers/${layer}/exports`, wanted.value).then(watch).catch(tell)
  }
  const bring = (file: File) => {
    const form = new FormData()
    form.set('file', file)
    form.set('format', format)
    form.set('create_labels', String(createLabels.value))
    rest.upload<Transfer>(`/layers/${layer}/imports`, form).then(watch).catch(tell)
  }
  return (
    <div class="menu-panel" role="dialog" aria-label={t('Export and import')}>
      <FormatChoice formats={formats.value} wanted={wanted.value} onChange={(next) => (wanted.value = next)} />
      <div class="row">
        <button type="button" class="button primary" disabled={!formats.value.length} onClick={begin}>
          <Icon name="download" /> {t('Export')}
        </button>
        {editor.config.canEdit && (
          <label class="button file">
            <Icon name="upload" /> {t('Import …')}
            <input
              type="file"
              onChange={(event) => event.currentTarget.files?.[0] && bring(event.currentTarget.files[0])}
            />
          </label>
        )}
        <button type="button" class="button quiet" onClick={() => (open.value = false)}>
          {t('Close')}
        </button>
      </div>
      {editor.config.canEdit && (
        <label class="choice">
          <input
            type="checkbox"
            checked={createLabels.value}
            onChange={(event) => (createLabels.value = event.currentTarget.checked)}
          />
          {t('On import, create labels the project doesn’t have')}
        </label>
      )}
      {current.value && (
        <Progress
          transfer={current.value}
          onCancel={() => void rest.send('DELETE', `/transfers/${current.value!.id}`).catch(tell)}
        />
      )}
    </div>
  )
}

function Progress({ transfer, onCancel }: { transfer: Transfer; onCancel: () => void }) {
  const { kind, state, progress, message, file, file_name, report } = transfer
  return (
    <div class="transfer" aria-live="polite">
      {isUnderWay(transfer) && (
        <>
          <progress max={1} value={progress} aria-label={kind === 'export' ? t('Exporting') : t('Importing')} />
          <button type="button" class="button quiet" onClick={onCancel}>
            {t('Cancel')}
          </button>
        </>
      )}
      {state === 'failed' && <p class="error">{message}</p>}
      {state === 'cancelled' && <p>{t('Cancelled. Nothing was kept.')}</p>}
      {state === 'done' && (
        <>
          <p>
            {t(kind === 'export' ? '{tracks} with {shapes} shapes written.' : '{tracks} with {shapes} shapes read.', {
              tracks: counted(report.tracks, '{count} track', '{count} tracks'),
              shapes: report.shapes,
            })}
          </p>
          {report.losses.map(({ what, count }) => (
            <p key={what} class="muted">
              {count} × {what}
            </p>
          ))}
          {file && (
            <a class="button" href={file} download={file_name}>
              <Icon name="download" /> {file_name}
            </a>
          )}
        </>
      )}
    </div>
  )
}
