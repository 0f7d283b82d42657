import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { Rest } from '@/protocol/rest'
import { CommandButton } from './buttons'
import { ExportMenu } from './export-menu'
import { Icon } from './icons'
import { JobMenu } from './job-menu'
import { LayerMenu } from './layer-menu'
import { Notifications } from './notifications'
import { ViewMenu } from './view-menu'

export function TopBar({ editor, rest, onTheme }: { editor: Editor; rest: Rest; onTheme: () => void }) {
  const { config, store } = editor
  return (
    <header class="top-bar">
      <a
        class="button quiet"
        href={config.urls.project}
        title={t('Back to the project')}
        aria-label={t('Back to the project')}
      >
        <Icon name="back" />
      </a>
      <h1 class="video-name" title={config.video.name}>
        {config.video.name}
      </h1>
      <LayerMenu editor={editor} />
      <Saved editor={editor} />
      {!config.can_edit && !editor.session.gone.value && (
        <span class="badge plain" data-read-only>
          {config.archived ? t('Archived: nothing can be changed') : t('View only')}
        </span>
      )}
      <span class="spring" />
      <People editor={editor} />
      <CommandButton editor={editor} id="edit.undo" icon="undo" disabled={store.history.canUndo.value === null} />
      <CommandButton editor={editor} id="edit.redo" icon="redo" disabled={store.history.canRedo.value === null} />
      <CommandButton
        editor={editor}
        id="inspection.check"
        icon="inspect"
        pressed={editor.inspection.page.value !== null}
      />
      <CommandButton editor={editor} id="issue.list" icon="comment" pressed={editor.issues.shown.value} />
      {config.can_edit && (
        <CommandButton editor={editor} id="joins.propose" icon="joins" pressed={editor.joins.isOpen.value} />
      )}
      <CommandButton editor={editor} id="view.history" icon="history" pressed={editor.historyOpen.value !== null} />
      <ViewMenu editor={editor} />
      <ExportMenu editor={editor} rest={rest} />
      {config.job && <JobMenu editor={editor} rest={rest} job={config.job} />}
      <Notifications editor={editor} />
      <button
        type="button"
        class="button quiet"
        title={t('Light or dark')}
        aria-label={t('Light or dark')}
        onClick={onTheme}
      >
        <Icon name="theme" />
      </button>
      <CommandButton editor={editor} id="view.help" icon="help" />
    </header>
  )
}

/** Whether everything is on the server; announced politely to screen readers. */
function Saved({ editor }: { editor: Editor }) {
  const { kind, unsent } = editor.session.saved.value
  const texts = {
    saved: t('All changes saved'),
    saving: t('Saving …'),
    held: counted(unsent, '{count} change waits to be stored', '{count} changes wait to be stored'),
    offline: unsent
      ? counted(
          unsent,
          'Offline — {count} change kept in this browser',
          'Offline — {count} changes kept in this browser',
        )
      : t('Offline — reconnecting …'),
    gone: unsent
      ? counted(unsent, '{count} change not saved', '{count} changes not saved')
      : t('Nothing is saved here any more'),
  }
  return (
    <output class={`saved ${kind}`} aria-live="polite" data-saved={kind}>
      <span class="dot" aria-hidden="true" />
      {texts[kind]}
    </output>
  )
}

function People({ editor }: { editor: Editor }) {
  const others = editor.store.people.value.filter(({ connection }) => connection !== editor.store.connection)
  return (
    <ul class="people" aria-label={t('Also here')}>
      {others.map((person) => (
        <li key={person.connection}>
          <button
            type="button"
            class="avatar"
            style={{ '--person': person.colour }}
            title={t('{name}, on frame {frame}. Click to go there.', { name: person.name, frame: person.frame })}
            aria-label={t('Go to {name} on frame {frame}', { name: person.name, frame: person.frame })}
            onClick={() => editor.goTo(person.frame)}
          >
            {initials(person.name)}
          </button>
        </li>
      ))}
    </ul>
  )
}

const initials = (name: string) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join('')
