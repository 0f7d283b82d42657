import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { NotificationsOut } from '@/protocol/generated'
import { agoOf } from './issue-thread'
import { Popover } from './popover'

/** The bell: how much is unread, and what one was told of, with the way there. */
export function Notifications({ editor }: { editor: Editor }) {
  const { unread } = editor.store.issues
  const count = unread.value
  return (
    <span class="bell">
      <Popover
        id="notifications"
        icon="bell"
        label={count ? t('Notifications, {count} unread', { count }) : t('Notifications')}
        wide
      >
        {(close) => <Told editor={editor} onClose={close} />}
      </Popover>
      {count > 0 && (
        <span class="unread" aria-hidden="true">
          {count > 99 ? '99+' : count}
        </span>
      )}
    </span>
  )
}

function Told({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { issues } = editor.store
  const told = useSignal<NotificationsOut['notifications'] | null>(null)
  const problem = useSignal('')
  useEffect(() => {
    issues.notifications().then(
      ({ notifications, unread }) => {
        told.value = notifications
        issues.unread.value = unread
      },
      (error: unknown) => (problem.value = error instanceof Error ? error.message : String(error)),
    )
  }, [issues.unread.value])
  const here = (event: MouseEvent, layer: number, issue: string | null) => {
    if (!issue || layer !== editor.config.layer.id) return
    event.preventDefault()
    onClose()
    editor.issues.visit(issue)
    editor.focusPanel('history')
  }
  return (
    <div class="notification-list">
      <div class="row">
        <strong>{t('Notifications')}</strong>
        <span class="spring" />
        <button type="button" class="button" disabled={!issues.unread.value} onClick={() => void issues.markRead(null)}>
          {t('Mark all as read')}
        </button>
      </div>
      {problem.value && <p class="error">{problem.value}</p>}
      {told.value?.length === 0 && (
        <p class="muted">{t('Nobody has called or answered you, or handed you a job yet.')}</p>
      )}
      <ul aria-label={counted(issues.unread.value, 'Notifications, {count} unread', 'Notifications, {count} unread')}>
        {told.value?.slice(0, 20).map(({ id, read, message, excerpt, at, url, layer, issue }) => (
          <li key={id} class={read ? '' : 'unread-row'}>
            <a href={url} onClick={(event) => here(event, layer, issue)}>
              <span>{message}</span>
              {excerpt && <span class="muted">{excerpt}</span>}
              <span class="muted">{agoOf(at)}</span>
            </a>
          </li>
        ))}
      </ul>
      <a href="/notifications/">{t('All notifications')}</a>
    </div>
  )
}
