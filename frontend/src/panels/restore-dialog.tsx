import { useComputed, useSignal, useSignalEffect, type Signal } from '@preact/signals'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { RestorePreview } from '@/protocol/generated'
import type { ChangeGroup } from '@/store/change-groups'
import type { RestoreScope } from '@/store/restorer'
import type { TrackId } from '@/store/types'
import { namesOf, titleOf } from './change-words'
import { Modal } from './modal'
import { ago } from '@/core/times'

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
  const what = useSignal<What>(editor.config.can_manage ? 'all' : 'these')
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
      editor.session.tell(
        t(
          moment.value === 'after'
            ? 'Brought back how it was after “{title}”. Undo takes that back.'
            : 'Brought back how it was before “{title}”. Undo takes that back.',
          { title },
        ),
      )
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
    <Modal label={t('Bring back an earlier state')} onClose={onClose}>
      <h2>{t('Bring back an earlier state')}</h2>
      <fieldset class="restore-choices">
        <legend>{t('Which')}</legend>
        <Choice
          chosen={moment}
          value="after"
          disabled={isLatest}
          text={t('After “{title}”, {ago}', { title, ago: ago(Date.parse(newest.at), Date.now()) })}
        />
        <Choice chosen={moment} value="before" text={t('Before “{title}”', { title })} />
      </fieldset>
      <fieldset class="restore-choices">
        <legend>{t('Of what')}</legend>
        {editor.config.can_manage && <Choice chosen={what} value="all" text={t('Everything on this video')} />}
        {group.tracks.length > 0 && group.tracks.length === group.trackCount && (
          <Choice
            chosen={what}
            value="these"
            text={t('Only what changed here: {names}', { names: namesOf(editor, group.tracks, group.tracks.length) })}
          />
        )}
        {selected.length > 0 && (
          <Choice
            chosen={what}
            value="selected"
            text={t('Only what is selected: {names}', { names: namesOf(editor, selected, selected.length) })}
          />
        )}
      </fieldset>
      <div class="restore-effect" aria-live="polite">
        {preview.problem.value ? (
          <p class="error">{preview.problem.value}</p>
        ) : found ? (
          <Effect editor={editor} found={found} tracks={scope.value.tracks} />
        ) : (
          <p class="muted">{t('Looking what would change …')}</p>
        )}
      </div>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          {t('Cancel')}
        </button>
        <button
          type="button"
          class="button primary"
          disabled={busy.value || !found?.tracks || found.tracked > 0}
          onClick={() => void bringBack(found!.revision)}
        >
          {t('Bring back')}
        </button>
      </div>
    </Modal>
  )
}

function Choice<Value extends string>({
  chosen,
  value,
  text,
  disabled = false,
}: {
  chosen: Signal<Value>
  value: Value
  text: string
  disabled?: boolean
}) {
  return (
    <label class="choice">
      <input
        type="radio"
        checked={chosen.value === value}
        disabled={disabled}
        onChange={() => (chosen.value = value)}
      />
      <span>{text}</span>
    </label>
  )
}

/** What it would do, in sentences. */
function Effect({
  editor,
  found,
  tracks,
}: {
  editor: Editor
  found: RestorePreview
  tracks: readonly TrackId[] | null
}) {
  if (!found.tracks && !found.unsound)
    return <p>{t(tracks ? 'Nothing has changed since then on these objects.' : 'Nothing has changed since then.')}</p>
  const stop = () => {
    for (const run of editor.store.runs.active()) {
      const those = run.tracks.filter((track) => tracks === null || tracks.includes(track))
      if (those.length) editor.store.runs.stop(run.id, those)
    }
  }
  const people = found.people.map(([name, count]) =>
    counted(count, '{count} change by {name}', '{count} changes by {name}', { name }),
  )
  return (
    <>
      <p>
        {t('{objects} and {shapes} change.', {
          objects: counted(found.tracks, '{count} object', '{count} objects'),
          shapes: counted(found.shapes, '{count} shape', '{count} shapes'),
        })}
        {people.length > 0 && ` ${t('This takes back {changes}.', { changes: inWords(people) })}`}{' '}
        {t('It is a change of its own: undo takes it back, and nothing is lost.')}
      </p>
      {found.beyond > 0 && (
        <p>
          {counted(
            found.beyond,
            '{count} object also changed outside of your frames. There it stays as now.',
            '{count} objects also changed outside of your frames. There they stay as now.',
          )}
        </p>
      )}
      {found.unsound > 0 && (
        <p>
          {counted(
            found.unsound,
            '{count} shape stays as it is now: what was there is too large or too far away to be one.',
            '{count} shapes stay as they are now: what was there is too large or too far away to be one.',
          )}
        </p>
      )}
      {!found.exact && (
        <p>{t('Some of the changes are so old that what was before them isn’t known; what they did stays.')}</p>
      )}
      {found.tracked > 0 && (
        <p class="restore-tracked">
          {counted(
            found.tracked,
            '{count} object is being tracked right now.',
            '{count} objects are being tracked right now.',
          )}
          <button type="button" class="button" onClick={stop}>
            {t('Stop tracking')}
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
  const running = useComputed(() =>
    editor.store.runs
      .active()
      .map(({ id, tracks }) => `${id} ${tracks.length}`)
      .join(),
  )
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

const inWords = (list: readonly string[]) =>
  list.length < 2 ? list.join('') : t('{list} and {last}', { list: list.slice(0, -1).join(', '), last: list.at(-1)! })
