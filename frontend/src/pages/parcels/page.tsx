/** Whole projects as files: the list of a project's exports with a button, or that of a workspace's imports. */
import { render } from 'preact'
import { sizeOf } from '@/core/sizes'
import { t } from '@/core/text'
import type { ParcelOut, ParcelsPage } from '@/protocol/generated'
import { isUnderWay, Parcels, takenInWords } from './parcels'

/**
 * `<div id="parcels-page">` beside `<script id="parcels-data">`, in templates/project_settings.html and
 * workspace_import.html. Returns whether something is sent that leaving the page would break off.
 */
export function mountParcels(root: HTMLElement): () => boolean {
  const parcels = new Parcels(JSON.parse(document.getElementById('parcels-data')?.textContent ?? '') as ParcelsPage)
  const host = document.createElement('div')
  host.className = 'stack'
  host.dataset['passing'] = ''
  root.append(host)
  render(<Page parcels={parcels} />, host)
  void parcels.refresh()
  addEventListener('focus', () => void parcels.refresh())
  addEventListener('beforeunload', (event) => {
    if (parcels.isBusy) event.preventDefault()
  })
  return () => parcels.isBusy
}

function Page({ parcels }: { parcels: Parcels }) {
  const rows = parcels.rows.value ?? []
  return (
    <>
      {parcels.page.project === null ? <Bring parcels={parcels} /> : <Export parcels={parcels} />}
      {parcels.problem.value && (
        <p class="message error" role="alert">
          {parcels.problem.value}
        </p>
      )}
      {rows.length > 0 && (
        <ul class="parcels" aria-label={parcels.page.project === null ? t('Imports') : t('Files')}>
          {rows.map((parcel) => (
            <li key={parcel.id} class="parcel">
              <Row parcels={parcels} parcel={parcel} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Export({ parcels }: { parcels: Parcels }) {
  return (
    <div class="row">
      <label class="parcel-choice">
        <input
          type="checkbox"
          checked={parcels.withMedia.value}
          onChange={(event) => (parcels.withMedia.value = event.currentTarget.checked)}
        />
        <span>{t('With the videos’ original files')}</span>
      </label>
      <button
        type="button"
        class="button"
        disabled={
          parcels.asking.value || (parcels.rows.value ?? []).some((row) => row.kind === 'export' && isUnderWay(row))
        }
        onClick={() => void parcels.export()}
      >
        {t('Export the project whole')}
      </button>
    </div>
  )
}

function Bring({ parcels }: { parcels: Parcels }) {
  const sending = parcels.sending.value
  if (sending)
    return (
      <div class="card parcel">
        <div class="line">
          <strong class="parcel-name">{sending.name}</strong>
          <span class="spring" />
          <button type="button" class="button small" onClick={() => parcels.stopSending()}>
            {sending.error ? t('Close') : t('Cancel')}
          </button>
        </div>
        {sending.error ? (
          <p class="error" role="alert">
            {sending.error}
          </p>
        ) : (
          <progress max={1} value={sending.share} aria-label={t('Uploading {name}', { name: sending.name })} />
        )}
      </div>
    )
  return (
    <div class="row">
      <label class="button primary file">
        {t('Choose a project’s file …')}
        <input
          type="file"
          class="sr-only"
          accept=".zip"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0]
            event.currentTarget.value = ''
            if (file) parcels.send(file)
          }}
        />
      </label>
    </div>
  )
}

function Row({ parcels, parcel }: { parcels: Parcels; parcel: ParcelOut }) {
  const label =
    parcel.kind === 'export' ? t('Exporting the project') : t('Importing {name}', { name: parcel.file_name })
  return (
    <>
      <div class="line">
        <Name parcel={parcel} />
        <State parcel={parcel} />
        <span class="spring" />
        <Actions parcels={parcels} parcel={parcel} />
      </div>
      {isUnderWay(parcel) && <progress max={1} value={parcel.progress} aria-label={label} />}
      {parcel.state === 'failed' && (
        <p class="error" role="alert">
          {parcel.message}
        </p>
      )}
      {parcel.state === 'done' && <Report parcel={parcel} />}
      <p class="muted parcel-when">{whenInWords(parcel)}</p>
    </>
  )
}

function Name({ parcel }: { parcel: ParcelOut }) {
  if (parcel.kind === 'import' && parcel.project !== null)
    return (
      <a class="parcel-name" href={`/projects/${parcel.project}/`}>
        {parcel.project_name}
      </a>
    )
  return <strong class="parcel-name">{parcel.file_name}</strong>
}

function State({ parcel }: { parcel: ParcelOut }) {
  if (parcel.state === 'done')
    return <span class="badge accepted">{parcel.kind === 'export' ? t('Ready') : t('Imported')}</span>
  if (parcel.state === 'failed') return <span class="badge returned">{t('Failed')}</span>
  if (parcel.state === 'cancelled') return <span class="badge plain">{t('Cancelled')}</span>
  if (parcel.state === 'coming') return <span class="badge plain">{t('Not all of it has come')}</span>
  return <span class="badge review">{parcel.state === 'queued' ? t('Waiting') : t('Under way')}</span>
}

function Actions({ parcels, parcel }: { parcels: Parcels; parcel: ParcelOut }) {
  if (isUnderWay(parcel))
    return (
      <button type="button" class="button small" onClick={() => void parcels.remove(parcel)}>
        {t('Cancel')}
      </button>
    )
  // What an import became stays with where it came from.
  const stays = parcel.kind === 'import' && parcel.state === 'done'
  return (
    <>
      {parcel.file && (
        <a class="button small primary" href={parcel.file} download={parcel.file_name}>
          {t('Download')}
        </a>
      )}
      {!stays && (
        <button type="button" class="button quiet small danger" onClick={() => void parcels.remove(parcel)}>
          {t('Remove')}
          <span class="sr-only"> {parcel.file_name}</span>
        </button>
      )}
    </>
  )
}

function Report({ parcel }: { parcel: ParcelOut }) {
  const { report } = parcel
  return (
    <div class="parcel-report">
      <p>{takenInWords(parcel)}</p>
      {report.left_out.length > 0 && (
        <ul aria-label={t('Not taken')}>
          {report.left_out.map(([why, count]) => (
            <li key={why}>{t('Not taken: {count} × {why}', { count, why })}</li>
          ))}
        </ul>
      )}
      {report.here.length > 0 && <p>{t('Members of this workspace: {names}', { names: report.here.join(', ') })}</p>}
      {report.not_here.length > 0 && (
        <p>{t('Not here, shown by name only: {names}', { names: report.not_here.join(', ') })}</p>
      )}
      {report.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  )
}

function whenInWords(parcel: ParcelOut): string {
  const day = (text: string) => new Date(text).toLocaleString()
  const parts = [
    parcel.kind === 'export'
      ? t('Exported {when} by {who}', { when: day(parcel.created_at), who: parcel.created_by })
      : t('Imported {when} by {who}', { when: day(parcel.created_at), who: parcel.created_by }),
  ]
  if (parcel.kind === 'import') parts.push(t('from {name}', { name: parcel.file_name }))
  if (parcel.size) parts.push(sizeOf(parcel.size))
  if (parcel.kind === 'export') parts.push(parcel.with_media ? t('with the videos') : t('without the videos'))
  if (parcel.report.made_at)
    parts.push(t('written by {program}, {when}', { program: parcel.report.made_by, when: day(parcel.report.made_at) }))
  if (parcel.kept_until) parts.push(t('kept until {when}', { when: day(parcel.kept_until) }))
  return parts.join(' · ')
}
