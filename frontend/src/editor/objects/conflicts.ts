/** What a person can do where their work and somebody else's met. Whatever they choose, undo takes it back. */
import { t } from '@/core/text'
import type { Met } from '@/store/conflicts'
import { restoreTracks } from '@/editor/commands/history'
import type { Editor } from '@/editor/editor'

/** Words for one place, and the choice that changes something; dismissing is the other one. */
export interface ConflictWords {
  readonly title: string
  readonly text: string
  /** e.g. "Use theirs" */
  readonly change: string
  /** e.g. "Keep mine" */
  readonly leave: string
}

/** `name`: of the object; `where`: its frames in words, empty where only what is said of it changed. */
export function wordsOf({ mine, other, conflict }: Met, name: string, where: string): ConflictWords {
  const what = [name, where, conflict.fields.map((field) => field.replace('_', ' ')).join(', ')]
    .filter(Boolean)
    .join(' · ')
  switch (conflict.outcome) {
    case 'replaced':
      return mine
        ? {
            title: t('{other} changed the same', { other }),
            text: t('{what}. Yours came later and counts.', { what }),
            change: t('Use theirs'),
            leave: t('Keep mine'),
          }
        : {
            title: t('{other} changed the same', { other }),
            text: t('{what}. Theirs came later and counts.', { what }),
            change: t('Use mine'),
            leave: t('Keep theirs'),
          }
    case 'kept':
      return {
        title: t('Kept what {other} drew meanwhile', { other }),
        text: t('{what}. You removed shapes there without having seen it.', { what }),
        change: t('Remove it too'),
        leave: t('Keep it'),
      }
    case 'buried':
      return {
        title: t('{other} deleted {name} meanwhile', { other, name }),
        text: t('What you changed is kept with it.'),
        change: t('Restore it'),
        leave: t('Leave it deleted'),
      }
    case 'deleted': {
      const text = where
        ? t(mine ? 'What they changed ({where}) is kept with it.' : 'What you changed ({where}) is kept with it.', {
            where,
          })
        : t('What was changed is kept with it.')
      return mine
        ? {
            title: t('{other} had changed {name}, which you deleted', { other, name }),
            text,
            change: t('Restore it'),
            leave: t('Leave it deleted'),
          }
        : {
            title: t('{other} deleted {name}, which you had changed', { other, name }),
            text,
            change: t('Restore it'),
            leave: t('Leave it deleted'),
          }
    }
  }
}

/** Select the object and go to where it happened. */
export function showConflict(editor: Editor, { conflict }: Met): void {
  if (editor.store.records.track(conflict.track)?.deleted === false) editor.session.select(conflict.track)
  const first = conflict.ranges[0]?.[0]
  if (first !== undefined) editor.goTo(first)
}

/** Take the choice that changes something. */
export async function changeConflict(editor: Editor, met: Met): Promise<void> {
  const { conflict } = met
  const { store } = editor
  switch (conflict.outcome) {
    case 'replaced':
      try {
        const scope = {
          revision: met.revision - 1,
          tracks: [conflict.track],
          ranges: conflict.ranges,
          fields: conflict.fields.length > 0,
        }
        await store.restorer.restore(scope, met.mine ? `Used ${met.other}’s version` : 'Brought my version back')
      } catch (error) {
        editor.session.tell((error as Error).message, 'error')
        return
      }
      break
    case 'kept':
      store.transact('Remove', (tx) => tx.removeRows(conflict.track, conflict.ranges))
      break
    case 'buried':
    case 'deleted':
      restoreTracks(editor, [conflict.track])
  }
  store.conflicts.dismiss(met.id)
}
