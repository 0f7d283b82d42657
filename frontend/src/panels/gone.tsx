import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { Gone } from '@/protocol/generated'

/** What was shown here isn't there any more for this person: what happened, what of theirs is unsaved, and a way on. */
export function GoneBanner({ editor }: { editor: Editor }) {
  const { session, store, config } = editor
  const gone = session.gone.value
  if (!gone) return null
  const unsent = store.unsentCount.value
  return (
    <div class="gone-banner" role="alert">
      <div>
        <strong>{gone.message}</strong>
        <span>{unsentInWords(gone.what, unsent)}</span>
      </div>
      <span class="spring" />
      {unsent > 0 && (
        <a
          class="button"
          href={`data:application/json,${encodeURIComponent(JSON.stringify(store.unsent(), null, 2))}`}
          download={`${config.video.name}-unsaved.json`}
          onClick={() => (session.tookUnsent.value = true)}
        >
          {counted(unsent, 'Download it', 'Download them')}
        </a>
      )}
      <WayOn what={gone.what} project={config.urls.project} />
    </div>
  )
}

function WayOn({ what, project }: { what: Gone['what']; project: string }) {
  if (what === 'deleted')
    return (
      <a class="button primary" href={project}>
        {t('Go to the project')}
      </a>
    )
  return (
    <>
      {what === 'left' && (
        <button type="button" class="button" onClick={() => location.reload()}>
          {t('Look again')}
        </button>
      )}
      <a class="button primary" href="/">
        {what === 'left' ? t('Go to your projects') : t('Sign in')}
      </a>
    </>
  )
}

/** The video has other frames than this page counts with. */
export function OutdatedBanner({ editor }: { editor: Editor }) {
  const { gone, outdated } = editor.session
  if (gone.value || !outdated.value) return null
  return (
    <div class="gone-banner" role="alert">
      <div>
        <strong>{t('This video was prepared anew.')}</strong>
        <span>{t('Its frames are counted otherwise now. Reload the page before you go on.')}</span>
      </div>
      <span class="spring" />
      <button type="button" class="button primary" onClick={() => location.reload()}>
        {t('Reload')}
      </button>
    </div>
  )
}

/** What becomes of the changes that the server never got. */
export function unsentInWords(what: Gone['what'], unsent: number): string {
  if (!unsent) return t('You had no unsaved changes.')
  if (what === 'deleted')
    return counted(unsent, '{count} change of yours was not saved.', '{count} changes of yours were not saved.')
  return counted(
    unsent,
    '{count} change of yours is not saved. It is kept in this browser, and sent should you be let in again.',
    '{count} changes of yours are not saved. They are kept in this browser, and sent should you be let in again.',
  )
}
