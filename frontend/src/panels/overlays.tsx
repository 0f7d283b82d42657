import { useEffect } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { Icon } from './icons'
import { Modal } from './modal'

const NOTICE_MS = 6000

/** Something told in passing, with a link to where it happened. */
export function NoticeBar({ editor }: { editor: Editor }) {
  const { notice } = editor.session
  const shown = notice.value
  useEffect(() => {
    if (!shown) return undefined
    const end = () => {
      if (notice.value === shown) notice.value = null
    }
    const timer = setTimeout(end, shown.tone === 'error' ? 2 * NOTICE_MS : NOTICE_MS)
    return () => clearTimeout(timer)
  }, [shown])
  return (
    <div class="notices" role={shown?.tone === 'error' ? 'alert' : 'status'} aria-live="polite">
      {shown && (
        <div class={`notice ${shown.tone}`}>
          <span>{shown.message}</span>
          {shown.goTo !== null && (
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                notice.value = null
                if (shown.track !== null) editor.session.select(shown.track)
                editor.goTo(shown.goTo!)
              }}
            >
              {t('Go there')}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={t('Dismiss')} onClick={() => (notice.value = null)}>
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  )
}

export function QuestionDialog({ editor }: { editor: Editor }) {
  const question = editor.question.value
  if (!question) return null
  const close = () => (editor.question.value = null)
  return (
    <Modal label={question.title} onClose={close}>
      <h2>{question.title}</h2>
      <p>{question.text}</p>
      <div class="row end">
        <button type="button" class="button" onClick={close}>
          {t('Cancel')}
        </button>
        <button
          type="button"
          class="button danger"
          autofocus
          onClick={() => {
            close()
            question.onConfirm()
          }}
        >
          {question.confirm}
        </button>
      </div>
    </Modal>
  )
}
