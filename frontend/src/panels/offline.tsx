import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { SIGNED_OUT } from '@/protocol/generated'
import type { LiveChannel } from '@/protocol/live'

const TICK_MS = 500

/** No connection: since when, what waits for it, and what can be done. It lies over the picture, so that nothing jumps. */
export function OfflineBanner({ editor, live }: { editor: Editor; live: LiveChannel }) {
  const since = live.offlineSince.value
  const now = useSignal(Date.now())
  useEffect(() => {
    if (since === null) return undefined
    now.value = Date.now()
    const timer = setInterval(() => (now.value = Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [since])
  if (since === null || editor.session.gone.value) return null
  const ended = live.endedBy.value
  return (
    <div class="offline-banner" role="status">
      <strong>{titleOf(since, ended)}</strong>
      <span>{waiting(editor.session.saved.value.unsent, ended)}</span>
      <span class="spring" />
      <Retry live={live} now={now.value} />
    </div>
  )
}

function Retry({ live, now }: { live: LiveChannel; now: number }) {
  if (live.endedBy.value === SIGNED_OUT) {
    return (
      <a class="button" href={`/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`}>
        {t('Sign in')}
      </a>
    )
  }
  const at = live.retryAt.value
  const seconds = at === null ? 0 : Math.max(Math.ceil((at - now) / 1000), 0)
  return (
    <>
      {live.endedBy.value === null && (
        <span class="offline-next" aria-hidden="true">
          {seconds ? t('Next try in {seconds} s', { seconds }) : t('Connecting …')}
        </span>
      )}
      <button type="button" class="button" onClick={() => live.hurry()}>
        {t('Try now')}
      </button>
    </>
  )
}

function titleOf(since: number, ended: number | null): string {
  if (ended === null)
    return t('Offline since {time}', {
      time: new Date(since).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
    })
  return ended === SIGNED_OUT ? t('You are signed out') : t('This video is no longer shared with you')
}

/** What is kept, and what has to wait. `ended`: as in `LiveChannel.endedBy`. */
export function waiting(unsent: number, ended: number | null): string {
  if (ended !== null)
    return unsent
      ? counted(unsent, '{count} change is kept in this browser.', '{count} changes are kept in this browser.')
      : t('Everything you did is saved.')
  if (unsent)
    return counted(
      unsent,
      '{count} change is kept in this browser and sent when you are back. Tracking waits too.',
      '{count} changes are kept in this browser and sent when you are back. Tracking waits too.',
    )
  return t('You can go on drawing: it is kept in this browser. Tracking waits.')
}
