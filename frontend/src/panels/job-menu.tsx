import { signal } from '@preact/signals'
import type { Editor } from '@/editor/editor'
import { ApiError, type Rest } from '@/protocol/rest'
import type { EditorConfig } from '@/store/types'

interface JobState {
  readonly stage: string
  readonly state: string
  /** What this person may do with the job now, with its words. */
  readonly actions: readonly { readonly id: string; readonly label: string }[]
}

const known = signal<JobState | null>(null)

/** The job that is open: its stage, and what can be done with it. */
export function JobMenu({ editor, rest, job }: { editor: Editor; rest: Rest; job: NonNullable<EditorConfig['job']> }) {
  const load = async (work: () => Promise<JobState>) => {
    try {
      known.value = await work()
    } catch (error) {
      if (error instanceof ApiError) editor.session.tell(error.message, 'error')
      else throw error
    }
  }
  if (!known.value) {
    known.value = { stage: job.stage, state: job.state, actions: [] }
    void load(() => rest.get<JobState>(`/jobs/${job.id}`))
  }
  return (
    <div class="job" role="group" aria-label="Job">
      <span class="badge">{known.value.stage}</span>
      {known.value.actions.map(({ id, label }) => (
        <button key={id} type="button" class="button" onClick={() => void load(() => rest.send<JobState>('POST', `/jobs/${job.id}/${id}`))}>
          {label}
        </button>
      ))}
    </div>
  )
}
