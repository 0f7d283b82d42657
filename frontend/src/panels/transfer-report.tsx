/** What an export or import did, and what it could not do. */
import { counted, t } from '@/core/text'
import type { ReportOut, TransferOut } from '@/protocol/generated'

/** Rows shown before the list says how many more there are. */
const SHOWN = 8

/** How many tracks and shapes there were, each loss, and the rows that were left out. */
export function TransferReport({ transfer }: { transfer: TransferOut }) {
  const { kind, report } = transfer
  return (
    <>
      <p>
        {t(kind === 'export' ? '{tracks} with {shapes} shapes written.' : '{tracks} with {shapes} shapes read.', {
          tracks: counted(report.tracks, '{count} track', '{count} tracks'),
          shapes: report.shapes,
        })}
      </p>
      {report.videos.length > 0 && (
        <ul class="transfer-list">
          {report.videos.map(({ name, tracks, shapes }) => (
            <li key={name}>
              {name}: {counted(tracks, '{count} track, {shapes} shapes', '{count} tracks, {shapes} shapes', { shapes })}
            </li>
          ))}
        </ul>
      )}
      {report.notes.map((note) => (
        <p key={note} class="muted">
          {note}
        </p>
      ))}
      {report.losses.map(({ what, count }) => (
        <p key={what} class="muted">
          {count} × {what}
        </p>
      ))}
      <LeftOut report={report} />
    </>
  )
}

/** An import's failure; where single rows were the reason, they are named and can be left out. */
export function TransferFailure({ transfer, onLeaveOut }: { transfer: TransferOut; onLeaveOut: (() => void) | null }) {
  const { left_out } = transfer.report
  return (
    <>
      <p class="error" role="alert">
        {left_out.count
          ? counted(
              left_out.count,
              'Nothing was imported: {count} row of the file can’t be taken.',
              'Nothing was imported: {count} rows of the file can’t be taken.',
            )
          : transfer.message}
      </p>
      <Rows report={transfer.report} />
      {left_out.count > 0 && onLeaveOut && (
        <button type="button" class="button" onClick={onLeaveOut}>
          {counted(left_out.count, 'Import without this row', 'Import without these {count} rows')}
        </button>
      )}
    </>
  )
}

function LeftOut({ report }: { report: ReportOut }) {
  if (!report.left_out.count) return null
  return (
    <>
      <p class="muted">{counted(report.left_out.count, '{count} row was left out:', '{count} rows were left out:')}</p>
      <Rows report={report} />
    </>
  )
}

function Rows({ report: { left_out } }: { report: ReportOut }) {
  if (!left_out.count) return null
  const shown = left_out.rows.slice(0, SHOWN)
  return (
    <ul class="transfer-list">
      {shown.map(({ where, why }) => (
        <li key={`${where} ${why}`}>
          <b>{where}</b> {why}
        </li>
      ))}
      {left_out.count > shown.length && <li>{t('… and {count} more', { count: left_out.count - shown.length })}</li>}
    </ul>
  )
}
