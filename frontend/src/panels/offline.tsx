import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { SIGNED_OUT, type Held } from '@/protocol/generated'
import type { LiveChannel } from '@/protocol/live'

const TICK_MS = 500

/** The server has what was done here, and can't store it for now. */
export function HeldBanner({ editor }: { editor: Editor }) {
  const { held, saved, connected, gone } = editor.session
  if (!held.value || !connected.value || gone.value) return null
  return (
    <div class="offline-banner" role="status" data-held={held.value}>
      <strong>{t('The server can’t store changes now')}</strong>
      <span>{heldInWords(saved.value.unsent, held.value)}</span>
    </div>
  )
}

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

/** How much waits, and for what. Pure. */
export function heldInWords(unsent: number, why: NonNullable<Held['why']>): string {
  const kept = counted(unsent, '{count} change is kept and tried again.', '{count} changes are kept and tried again.')
  return [unsent ? kept : t('What you do is kept and tried again.'), reasonOf(why)].join(' ')
}

/** Why nothing can be stored. Pure. */
export function reasonOf(why: NonNullable<Held['why']>): string {
  switch (why) {
    case 'busy':
      return t('Its database is busy.')
    case 'full':
      return t('Its disk is full: tell your admin.')
    case 'away':
      return t('Its database can’t be reached.')
  }
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
