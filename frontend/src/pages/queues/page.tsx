/** The review queues of a project: where most is left to review, and having them built anew. */
import { render } from 'preact'
import { counted, t } from '@/core/text'
import type { QueuesPage } from '@/protocol/generated'
import { Queues } from './queues'
import { QueueTable } from './table'

/** `<section id="queues-page">` beside `<script id="queues-data">`, in templates/project_queues.html. */
export function mountQueues(root: HTMLElement): void {
  const queues = new Queues(JSON.parse(document.getElementById('queues-data')?.textContent ?? '') as QueuesPage)
  const host = document.createElement('div')
  root.append(host)
  render(<Page queues={queues} />, host)
  void queues.refresh()
  addEventListener('focus', () => void queues.refresh())
}

function Page({ queues }: { queues: Queues }) {
  const rows = queues.rows.value
  return (
    <>
      {queues.problem.value && (
        <p class="message error" role="alert">
          {queues.problem.value}
        </p>
      )}
      {rows && rows.length === 0 && (
        <p class="empty">
          <span>
            {t('No video of this project is ready yet.')}{' '}
            <a href={`/projects/${queues.page.project}/`}>{t('Videos')}</a>
          </span>
        </p>
      )}
      {rows && rows.length > 0 && (
        <>
          <Head queues={queues} />
          <QueueTable queues={queues} rows={rows} />
          <p class="muted queues-foot">
            {t(
              'A queue lists all that trackers made, what is most likely wrong first. What is accepted or rejected counts no more.',
            )}
          </p>
        </>
      )}
    </>
  )
}

/** What all of them are like together, and the button that builds them. */
function Head({ queues }: { queues: Queues }) {
  const open = queues.open.value
  const stale = queues.stale.value
  const done = queues.begun.value - open
  return (
    <div class="line toolbar queues-head">
      <p role="status">{open ? progressInWords(done, queues.begun.value) : standing(queues)}</p>
      {open > 0 && <progress max={queues.begun.value} value={done} aria-label={t('Queues that are built')} />}
      <span class="spring" />
      {queues.page.may_build && open > 0 && (
        <button type="button" class="button" disabled={queues.asking.value} onClick={() => void queues.cancel()}>
          {t('Cancel')}
        </button>
      )}
      {queues.page.may_build && open === 0 && stale > 0 && (
        <button
          type="button"
          class="button primary"
          disabled={queues.asking.value}
          onClick={() => void queues.build(null)}
        >
          {counted(stale, 'Build {count} queue', 'Build {count} queues')}
        </button>
      )}
    </div>
  )
}

const progressInWords = (done: number, all: number): string => t('{done} of {all} queues are built …', { done, all })

function standing(queues: Queues): string {
  const rows = queues.rows.value ?? []
  const spans = rows.reduce((sum, { left }) => sum + (left?.spans ?? 0), 0)
  const wrong = Math.round(rows.reduce((sum, { left }) => sum + (left?.wrong ?? 0), 0))
  const stale = queues.stale.value
  const left = counted(spans, '{count} span is left to review', '{count} spans are left to review')
  const expected = counted(wrong, 'about {count} frame in them is wrong', 'about {count} frames in them are wrong')
  const old = stale
    ? ` ${counted(stale, '{count} queue isn’t of the present state.', '{count} queues aren’t of the present state.')}`
    : ''
  return `${wrong ? `${left}; ${expected}.` : `${left}.`}${old}`
}
