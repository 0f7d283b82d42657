import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Editor } from '@/editor/editor'
import { ApiError, type Rest } from '@/protocol/rest'
import { Icon } from './icons'
import { MenuButton } from './menu-button'

interface Format {
  readonly id: string
  readonly label: string
  readonly options: readonly { readonly id: string; readonly label: string; readonly choices: readonly { readonly value: string; readonly label: string }[] }[]
}

interface Transfer {
  readonly id: string
  readonly kind: 'export' | 'import'
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly progress: number
  readonly message: string
  readonly file: string
  readonly file_name: string
  readonly report: { readonly tracks: number; readonly shapes: number; readonly losses: readonly { readonly what: string; readonly count: number }[] }
}

const POLL_MS = 400

const open = signal(false)
const formats = signal<readonly Format[]>([])
const format = signal('framewise')
const choices = signal<Readonly<Record<string, string>>>({})
const createLabels = signal(false)
const current = signal<Transfer | null>(null)

/** Export the layer to a file, or import one into it; both run in the background with progress. */
export function ExportMenu({ editor, rest }: { editor: Editor; rest: Rest }) {
  const tell = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error
    editor.session.tell(error.message, 'error')
  }
  useEffect(() => {
    if (open.value && !formats.value.length) rest.get<readonly Format[]>('/formats').then((listed) => (formats.value = listed), tell)
  }, [open.value])
  return (
    <MenuButton open={open} icon="download" text="Export" label="Export">
      <Panel editor={editor} rest={rest} tell={tell} />
    </MenuButton>
  )
}

function Panel({ editor, rest, tell }: { editor: Editor; rest: Rest; tell: (error: unknown) => void }) {
  const layer = editor.config.layer.id
  const chosen = formats.value.find(({ id }) => id === format.value)
  const watch = async (begun: Transfer) => {
    let transfer = begun
    current.value = transfer
    while (transfer.state === 'queued' || transfer.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      transfer = await rest.get<Transfer>(`/transfers/${begun.id}`)
      current.value = transfer
    }
  }
  const begin = () => {
    const body = { format: format.value, options: choices.value }
    rest.send<Transfer>('POST', `/layers/${layer}/exports`, body).then(watch).catch(tell)
  }
  const bring = (file: File) => {
    const form = new FormData()
    form.set('file', file)
    form.set('format', format.value)
    form.set('create_labels', String(createLabels.value))
    rest.upload<Transfer>(`/layers/${layer}/imports`, form).then(watch).catch(tell)
  }
  return (
    <div class="menu-panel" role="dialog" aria-label="Export and import">
      <fieldset>
        <legend>Format</legend>
        {formats.value.map(({ id, label }) => (
          <label key={id} class="choice">
            <input type="radio" name="format" value={id} checked={format.value === id} onChange={() => ((format.value = id), (choices.value = {}))} />
            {label}
          </label>
        ))}
      </fieldset>
      {chosen?.options.map((option) => (
        <label key={option.id} class="field">
          <span>{option.label}</span>
          <select value={choices.value[option.id] ?? option.choices[0]?.value} onChange={(event) => (choices.value = { ...choices.value, [option.id]: event.currentTarget.value })}>
            {option.choices.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
      ))}
      <div class="row">
        <button type="button" class="button primary" disabled={!chosen} onClick={begin}>
          <Icon name="download" /> Export
        </button>
        {editor.config.canEdit && (
          <label class="button file">
            <Icon name="upload" /> Import …
            <input type="file" onChange={(event) => event.currentTarget.files?.[0] && bring(event.currentTarget.files[0])} />
          </label>
        )}
        <button type="button" class="button quiet" onClick={() => (open.value = false)}>
          Close
        </button>
      </div>
      {editor.config.canEdit && (
        <label class="choice">
          <input type="checkbox" checked={createLabels.value} onChange={(event) => (createLabels.value = event.currentTarget.checked)} />
          On import, create labels the project doesn’t have
        </label>
      )}
      {current.value && <Progress transfer={current.value} onCancel={() => void rest.send('DELETE', `/transfers/${current.value!.id}`).catch(tell)} />}
    </div>
  )
}

function Progress({ transfer, onCancel }: { transfer: Transfer; onCancel: () => void }) {
  const { kind, state, progress, message, file, file_name, report } = transfer
  const under = state === 'queued' || state === 'running'
  return (
    <div class="transfer" aria-live="polite">
      {under && (
        <>
          <progress max={1} value={progress} aria-label={kind === 'export' ? 'Exporting' : 'Importing'} />
          <button type="button" class="button quiet" onClick={onCancel}>
            Cancel
          </button>
        </>
      )}
      {state === 'failed' && <p class="error">{message}</p>}
      {state === 'cancelled' && <p>Cancelled. Nothing was kept.</p>}
      {state === 'done' && (
        <>
          <p>
            {report.tracks} {report.tracks === 1 ? 'track' : 'tracks'} with {report.shapes} shapes {kind === 'export' ? 'written' : 'read'}.
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
