import { signal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { ApiError, type Rest } from '@/protocol/rest'
import type { FormatOut, TransferOut } from '@/protocol/generated'
import { isUnderWay, watchTransfer, type Wanted } from '@/protocol/transfers'
import { ExportLosses, LossCounter } from './export-losses'
import { FormatChoice } from './format-choice'
import { Icon } from './icons'
import { AS_IT_IS, ImportChoice, importForm, type How } from './import-choice'
import { InThis, IntoLayer, intoLayer, type Into } from './import-into'
import { addressOf } from './layer-menu'
import { MenuButton } from './menu-button'
import { TransferFailure, TransferReport } from './transfer-report'

const open = signal(false)
const formats = signal<readonly FormatOut[]>([])
const wanted = signal<Wanted>({ format: 'framewise', options: {} })
const how = signal(AS_IT_IS)
const current = signal<TransferOut | null>(null)
const into = signal<Into>(InThis)
/** Kept to import it again without what can't be read. */
const brought = signal<File | null>(null)

/** Export the layer to a file, or import one into it; both run in the background with progress. */
export function ExportMenu({ editor, rest }: { editor: Editor; rest: Rest }) {
  const tell = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error
    editor.session.tell(error.message, 'error')
  }
  useEffect(() => {
    if (open.value && !formats.value.length) rest.get('/api/formats').then((listed) => (formats.value = listed), tell)
  }, [open.value])
  return (
    <MenuButton open={open} icon="download" text={t('Export')} label={t('Export')}>
      <Panel editor={editor} rest={rest} tell={tell} />
    </MenuButton>
  )
}

function Panel({ editor, rest, tell }: { editor: Editor; rest: Rest; tell: (error: unknown) => void }) {
  const layer = editor.config.layer.id
  const path = { layer_id: layer }
  // The panel is made anew whenever it opens: the layer may have changed meanwhile.
  const counter = useMemo(() => new LossCounter(rest), [])
  const { format } = wanted.value
  const { layers } = editor.store
  useEffect(() => void layers.load().catch(tell), [])
  const mayImport = editor.config.can_edit || layers.mayMake.value.length > 0
  const watch = (begun: TransferOut) => watchTransfer(rest, begun, (transfer) => (current.value = transfer))
  const begin = () => {
    rest.post('/api/layers/{layer_id}/exports', { path, body: wanted.value }).then(watch).catch(tell)
  }
  const bring = (file: File, chosen: How = how.value) => {
    if (!(into.value.name ?? (editor.config.can_edit ? editor.config.layer.name : '')).trim()) {
      editor.session.tell(t('Give the new layer a name first.'), 'error')
      return
    }
    brought.value = file
    rest
      .upload('/api/layers/{layer_id}/imports', { path }, intoLayer(importForm(file, format, chosen), into.value))
      .then(watch)
      .catch(tell)
  }
  const bringRest = () => brought.value && bring(brought.value, { ...how.value, leaveOut: true })
  return (
    <div class="menu-panel" role="dialog" aria-label={t('Export and import')}>
      <FormatChoice formats={formats.value} wanted={wanted.value} onChange={(next) => (wanted.value = next)} />
      <ExportLosses counter={counter} layers={[layer]} wanted={wanted.value} />
      <div class="row">
        <button type="button" class="button primary" disabled={!formats.value.length} onClick={begin}>
          <Icon name="download" /> {t('Export')}
        </button>
        {mayImport && (
          <label class="button file">
            <Icon name="upload" /> {t('Import …')}
            <input
              type="file"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0]
                event.currentTarget.value = '' // the same file may be chosen again
                if (file) bring(file)
              }}
            />
          </label>
        )}
        <button type="button" class="button quiet" onClick={() => (open.value = false)}>
          {t('Close')}
        </button>
      </div>
      {mayImport && (
        <ImportChoice
          takes={formats.value.find(({ id }) => id === format)?.takes ?? ''}
          how={how.value}
          onChange={(next) => (how.value = next)}
        />
      )}
      {mayImport && <IntoLayer editor={editor} into={into.value} onChange={(next) => (into.value = next)} />}
      {current.value && (
        <Progress
          editor={editor}
          transfer={current.value}
          onCancel={() =>
            void rest.delete('/api/transfers/{transfer_id}', { path: { transfer_id: current.value!.id } }).catch(tell)
          }
          onLeaveOut={bringRest}
        />
      )}
    </div>
  )
}

function Progress({
  editor,
  transfer,
  onCancel,
  onLeaveOut,
}: {
  editor: Editor
  transfer: TransferOut
  onCancel: () => void
  onLeaveOut: () => void
}) {
  const { kind, state, progress, file, file_name } = transfer
  const into = transfer.report.layer
  const told = useRef<HTMLDivElement>(null)
  // It is the last thing of a long panel, and the one that is waited for.
  useEffect(() => told.current?.scrollIntoView({ block: 'nearest' }), [transfer.id, state])
  return (
    <div ref={told} class="transfer" aria-live="polite">
      {isUnderWay(transfer) && (
        <>
          <progress max={1} value={progress} aria-label={kind === 'export' ? t('Exporting') : t('Importing')} />
          <button type="button" class="button quiet" onClick={onCancel}>
            {t('Cancel')}
          </button>
        </>
      )}
      {state === 'failed' && <TransferFailure transfer={transfer} onLeaveOut={onLeaveOut} />}
      {state === 'cancelled' && <p>{t('Cancelled. Nothing was kept.')}</p>}
      {state === 'done' && (
        <>
          <TransferReport transfer={transfer} />
          {into && into.id !== editor.config.layer.id && (
            <a class="button" href={addressOf(editor, into.id)}>
              <Icon name="layers" /> {t('Show “{name}”', { name: into.name })}
            </a>
          )}
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
