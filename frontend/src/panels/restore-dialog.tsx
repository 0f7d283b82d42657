import { useComputed, useSignal, useSignalEffect, type Signal } from '@preact/signals'
import type { Editor } from '@/editor/editor'
import type { RestorePreview } from '@/protocol/generated'
import type { ChangeGroup } from '@/store/change-groups'
import type { RestoreScope } from '@/store/restorer'
import type { TrackId } from '@/store/types'
import { counted, namesOf, titleOf } from './change-words'
import { Modal } from './modal'
import { ago } from './times'

interface RestoreDialogProps {
  readonly editor: Editor
  readonly group: ChangeGroup
  readonly onClose: () => void
}

type What = 'all' | 'these' | 'selected'

/** Which state is brought back, of what, and what that would do. */
export function RestoreDialog({ editor, group, onClose }: RestoreDialogProps) {
  const newest = group.changes[0]
  const oldest = group.changes.at(-1)!
  const isLatest = newest.revision >= (editor.store.changes.changes.value[0]?.revision ?? 0)
  const selected = editor.selected()
  const moment = useSignal<'after' | 'before'>(isLatest ? 'before' : 'after')
  const what = useSignal<What>(editor.config.canManage ? 'all' : 'these')
  const busy = useSignal(false)
  const scope = useComputed<RestoreScope>(() => ({
    revision: moment.value === 'after' ? newest.revision : oldest.since - 1,
    tracks: what.value === 'all' ? null : what.value === 'these' ? group.tracks : selected,
  }))
  const preview = usePreview(editor, scope)
  const title = titleOf(group)
  const bringBack = async (seen: number) => {
    busy.value = true
    try {
      await editor.store.restorer.restore(scope.value, `Back to ${moment.value} “${title}”`, seen)
      editor.session.tell(`Brought back how it was ${moment.value} “${title}”. Undo takes that back.`)
      onClose()
    } catch (error) {
      editor.session.tell((error as Error).message, 'error')
      preview.again()
    } finally {
      busy.value = false
    }
  }
  const found = preview.found.value
  return (
    <Modal label="Bring back an earlier state" onClose={onClose}>
      <h2>Bring back an earlier state</h2>
      <fieldset class="restore-choices">
        <legend>Which</legend>
        <Choice chosen={moment} value="after" disabled={isLatest} text={`After “${title}”, ${ago(Date.parse(newest.at), Date.now())}`} />
        <Choice chosen={moment} value="before" text={`Before “${title}”`} />
      </fieldset>
      <fieldset class="restore-choices">
        <legend>Of what</legend>
        {editor.config.canManage && <Choice chosen={what} value="all" text="Everything on this video" />}
        {group.tracks.length > 0 && group.tracks.length === group.trackCount && <Choice chosen={what} value="these" text={`Only what changed here: ${namesOf(editor, group.tracks, group.tracks.length)}`} />}
        {selected.length > 0 && <Choice chosen={what} value="selected" text={`Only what is selected: ${namesOf(editor, selected, selected.length)}`} />}
      </fieldset>
      <div class="restore-effect" aria-live="polite">
        {preview.problem.value ? <p class="error">{preview.problem.value}</p> : found ? <Effect editor={editor} found={found} tracks={scope.value.tracks} /> : <p class="muted">Looking what would change …</p>}
      </div>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button primary" disabled={busy.value || !found?.tracks || found.tracked > 0} onClick={() => void bringBack(found!.revision)}>
          Bring back
        </button>
      </div>
    </Modal>
  )
}

function Choice<Value extends string>({ chosen, value, text, disabled = false }: { chosen: Signal<Value>; value: Value; text: string; disabled?: boolean }) {
  return (
    <label class="choice">
      <input type="radio" checked={chosen.value === value} disabled={disabled} onChange={() => (chosen.value = value)} />
      <span>{text}</span>
    </label>
  )
}

/** What it would do, in sentences. */
function Effect({ editor, found, tracks }: { editor: Editor; found: RestorePreview; tracks: readonly TrackId[] | null }) {
  if (!found.tracks) return <p>Nothing has changed since then{tracks ? ' on these objects' : ''}.</p>
  const stop = () => {
    for (const run of editor.store.activeRuns()) {
      const those = run.tracks.filter((track) => tracks === null || tracks.includes(track))
      if (those.length) editor.store.stopRun(run.id, those)
    }
  }
  const people = found.people.map(([name, count]) => `${counted(count, 'change')} by ${name}`)
  return (
    <>
      <p>
        {counted(found.tracks, 'object')} and {counted(found.shapes, 'shape')} change.
        {people.length > 0 && ` This takes back ${inWords(people)}.`} It is a change of its own: undo takes it back, and nothing is lost.
      </p>
      {found.beyond > 0 && <p>{counted(found.beyond, 'object')} also changed outside of your frames. There {found.beyond === 1 ? 'it stays' : 'they stay'} as now.</p>}
      {!found.exact && <p>Some of the changes are so old that what was before them isn’t known; what they did stays.</p>}
      {found.tracked > 0 && (
        <p class="restore-tracked">
          {counted(found.tracked, 'object')} {found.tracked === 1 ? 'is' : 'are'} being tracked right now.
          <button type="button" class="button" onClick={stop}>
            Stop tracking
          </button>
        </p>
      )}
    </>
  )
}

/** Asks the server again whenever the choice changes, or a run ends. */
function usePreview(editor: Editor, scope: { readonly value: RestoreScope }) {
  const found = useSignal<RestorePreview | null>(null)
  const problem = useSignal('')
  const round = useSignal(0)
  const running = useComputed(() => editor.store.activeRuns().map(({ id, tracks }) => `${id} ${tracks.length}`).join())
  useSignalEffect(() => {
    round.value
    const asked = scope.value
    running.value
    found.value = null
    problem.value = ''
    editor.store.restorer.preview(asked).then(
      (answer) => asked === scope.value && (found.value = answer),
      (error: unknown) => asked === scope.value && (problem.value = (error as Error).message),
    )
  })
  return { found, problem, again: () => round.value++ }
}

const inWords = (list: readonly string[]) => (list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`)
