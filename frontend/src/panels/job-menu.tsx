import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { JobOut, StepOut } from '@/protocol/generated'
import { ApiError, type Rest } from '@/protocol/rest'
import type { EditorConfig } from '@/store/types'
import { Modal } from './modal'

type Known = Pick<JobOut, 'stage' | 'state' | 'steps'>

/** The job that is open: where it is on its way, and its next steps. */
export function JobMenu({ editor, rest, job }: { editor: Editor; rest: Rest; job: NonNullable<EditorConfig['job']> }) {
  const known = useSignal<Known>({ stage: job.stage, state: job.state, steps: [] })
  const busy = useSignal(false)
  const asking = useSignal<StepOut | null>(null)
  const path = { job_id: job.id }
  const load = async (answer: Promise<JobOut>) => {
    try {
      known.value = await answer
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      editor.session.tell(error.message, 'error')
    }
  }
  const saved = editor.session.saved.value.kind === 'saved'
  // Others take steps too.
  useEffect(() => {
    const { stage, state } = known.value
    if (stage !== job.stage || state !== job.state) void load(rest.get('/api/jobs/{job_id}', { path }))
  }, [job.stage, job.state])
  // The first edit starts a job: look once it is saved.
  useEffect(() => {
    const { state, steps } = known.value
    if (saved && (!steps.length || state === 'new' || state === 'rejected'))
      void load(rest.get('/api/jobs/{job_id}', { path }))
  }, [job.id, saved])
  const take = (step: string, reason = '') => {
    busy.value = true
    const body = { step, reason }
    void load(rest.post('/api/jobs/{job_id}/steps', { path, body })).finally(() => (busy.value = false))
  }
  return (
    <div class="job" role="group" aria-label={t('Job')}>
      <span class="badge" title={t('Frames {first} to {last}', { first: job.first, last: job.last })}>
        {inWords(known.value)}
      </span>
      <OpenIssues editor={editor} job={job} />
      {known.value.steps.map((step) => (
        <button
          key={step.id}
          type="button"
          class="button"
          disabled={busy.value}
          onClick={() => (step.asks ? (asking.value = step) : take(step.id))}
        >
          {step.asks ? t('{verb} …', { verb: t(step.verb) }) : t(step.verb)}
        </button>
      ))}
      {asking.value && (
        <Why
          step={asking.value}
          onClose={() => (asking.value = null)}
          onTake={(reason) => take(asking.value!.id, reason)}
        />
      )}
    </div>
  )
}

/** What a step's reason is: nobody is handed something back without. */
function Why({ step, onClose, onTake }: { step: StepOut; onClose: () => void; onTake: (reason: string) => void }) {
  const reason = useSignal('')
  return (
    <Modal label={t(step.verb)} onClose={onClose} look="reject-dialog">
      <form method="dialog" onSubmit={() => onTake(reason.value.trim())}>
        <h2>{t(step.verb)}</h2>
        <label class="field">
          <span>{t(step.asks)}</span>
          <textarea
            rows={3}
            required
            autofocus
            maxLength={1000}
            value={reason.value}
            onInput={(event) => (reason.value = event.currentTarget.value)}
          />
        </label>
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button primary" disabled={!reason.value.trim()}>
            {t(step.verb)}
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** What is still open is seen before the job is handed on or back. */
function OpenIssues({ editor, job: { first, last } }: { editor: Editor; job: NonNullable<EditorConfig['job']> }) {
  const count = editor.issues.open.value.filter((issue) => issue.first <= last && first <= issue.last).length
  if (!count) return null
  return (
    <button type="button" class="button quiet" onClick={() => editor.issues.shown.value || editor.issues.toggle()}>
      {counted(count, '{count} open issue', '{count} open issues')}
    </button>
  )
}

function inWords({ stage, state }: Known): string {
  if (stage === 'accepted') return t('Accepted')
  if (stage === 'review') return t('In review')
  return state === 'rejected' ? t('Returned') : state === 'new' ? t('To annotate') : t('In annotation')
}
