import { counted, t } from '@/core/text'
import { ago, exactly } from '@/core/times'
import type { JobQueueOut, LayerQueueOut, ToReviewOut } from '@/protocol/generated'
import { addressOf, isOpen, wantsBuilding, type Queues } from './queues'

/** So many reasons are told; of the others, how many spans they are of. */
const REASONS = 3

export function QueueTable({ queues, rows }: { queues: Queues; rows: readonly LayerQueueOut[] }) {
  return (
    <div class="scroll">
      <table class="queues">
        <thead>
          <tr>
            <th>{t('Video')}</th>
            <th class="number">{t('Left to review')}</th>
            <th class="number">{t('Probably wrong')}</th>
            <th>{t('Why')}</th>
            <th>{t('State')}</th>
            <th>
              <span class="sr-only">{t('Actions')}</span>
            </th>
          </tr>
        </thead>
        {rows.map((row) => (
          <tbody key={row.layer}>
            <LayerRow queues={queues} row={row} />
            {row.jobs.map((job) => (
              <JobRow key={job.job} row={row} job={job} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

function LayerRow({ queues, row }: { queues: Queues; row: LayerQueueOut }) {
  const { left } = row
  const first = left?.first ?? null
  return (
    <tr>
      <td class="long">
        <a href={addressOf(row, first?.frame ?? null)}>{row.video_name}</a>
        {row.layer_kind !== 'main' && <span class="badge plain">{row.layer_name}</span>}
        {row.reopened > 0 && (
          <p class="warning">
            {counted(
              row.reopened,
              '{count} span was changed after its verdict.',
              '{count} spans were changed after their verdict.',
            )}
          </p>
        )}
      </td>
      <Counts left={left} leftOut={row.left_out} />
      <td>
        <State row={row} />
      </td>
      <td class="actions">
        {queues.page.may_build && wantsBuilding(row) && !isOpen(row) && (
          <button
            type="button"
            class="button small"
            aria-label={t('Build the queue of {name}', { name: row.video_name })}
            disabled={queues.asking.value}
            onClick={() => void queues.build([row.layer])}
          >
            {t('Build')}
          </button>
        )}
        {first && (
          <a
            class="button small"
            aria-label={t('Review {name}', { name: row.video_name })}
            href={addressOf(row, first.frame)}
          >
            {t('Review')}
          </a>
        )}
      </td>
    </tr>
  )
}

function JobRow({ row, job }: { row: LayerQueueOut; job: JobQueueOut }) {
  const first = job.left.first
  const name = t('Job {first}–{last}', { first: job.first, last: job.last })
  return (
    <tr class="queue-job">
      <td class="long">
        <a href={addressOf(row, first?.frame ?? null, job.job)}>{name}</a>{' '}
        <span class="muted">{job.assignee || t('nobody')}</span>
      </td>
      <Counts left={job.left} leftOut={0} />
      <td>
        <span class={`badge ${job.stage}`}>{t(STAGES[job.stage])}</span>
      </td>
      <td class="actions">
        {first && (
          <a
            class="button small"
            aria-label={t('Review {name} of {video}', { name, video: row.video_name })}
            href={addressOf(row, Math.max(first.frame, job.first), job.job)}
          >
            {t('Review')}
          </a>
        )}
      </td>
    </tr>
  )
}

const STAGES: Record<JobQueueOut['stage'], string> = {
  annotation: 'Annotation',
  review: 'Review',
  accepted: 'Accepted',
}

function Counts({ left, leftOut }: { left: ToReviewOut | null; leftOut: number }) {
  if (!left)
    return (
      <>
        <td class="number muted">{t('not known')}</td>
        <td />
        <td />
      </>
    )
  return (
    <>
      <td class="number">
        {t('{spans} of {among}', { spans: left.spans, among: left.among })}
        {leftOut > 0 && (
          <p class="hint">
            {counted(leftOut, '{count} less likely isn’t listed', '{count} less likely aren’t listed')}
          </p>
        )}
      </td>
      <td class="number">{left.spans > 0 && counted(Math.round(left.wrong), '{count} frame', '{count} frames')}</td>
      <td>
        <Reasons left={left} />
      </td>
    </>
  )
}

function Reasons({ left }: { left: ToReviewOut }) {
  const told = left.reasons.slice(0, REASONS)
  const others = left.reasons.slice(REASONS).reduce((sum, { spans }) => sum + spans, 0)
  return (
    <ul class="queue-reasons">
      {told.map(({ words, spans }) => (
        <li key={words}>
          <span class="count">{spans}</span> {words}
        </li>
      ))}
      {others > 0 && (
        <li>
          <span class="count">{others}</span> {t('for other reasons')}
        </li>
      )}
    </ul>
  )
}

function State({ row }: { row: LayerQueueOut }) {
  const built = row.built_at ? Date.parse(row.built_at) : null
  const when = built !== null && row.left && (
    <span class="muted" title={exactly(built)}>
      {t('Built {when}', { when: ago(built, Date.now()) })}
    </span>
  )
  if (row.state === 'queued') return <span class="badge plain">{t('Waiting')}</span>
  if (row.state === 'running') return <span class="badge plain">{t('Being built')}</span>
  if (row.state === 'failed') return <span class="error">{row.message}</span>
  if (!row.left) return <span class="muted">{t('Not built yet')}</span>
  return (
    <>
      {when}
      {row.is_stale && <p class="warning">{t('Changed since: this is how it was.')}</p>}
    </>
  )
}
