import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { Looks, QueueItem } from '@/store/inspections'
import type { Verdict } from '@/store/verdicts'
import { framesInWords } from './change-words'
import { cut } from './deleted-tracks'
import { WalkingList } from './walking-list'

/** Of a long queue so many are drawn at once; scrolling to the end draws more. */
const PAGE = 50
const SAID: Record<Verdict, string> = { accepted: 'Accepted', rejected: 'Rejected', check: 'To be checked' }

/** All that a machine made, what is most likely wrong first: gone through by keyboard alone. */
export function ReviewQueue({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { inspection } = editor
  return (
    <>
      <WalkingList
        label={t('Review queue')}
        name="queued"
        items={inspection.queue.value}
        position={inspection.position.value}
        page={PAGE}
        keys={keysOf(editor, onClose)}
      >
        {(item, index) => <QueueRow key={index} editor={editor} item={item} index={index} />}
      </WalkingList>
      <Keys editor={editor} />
    </>
  )
}

/** What keys do while the queue has the focus. */
function keysOf(editor: Editor, onClose: () => void): Record<string, (() => void) | undefined> {
  const { inspection } = editor
  return {
    ArrowDown: () => inspection.step(1),
    ArrowUp: () => inspection.step(-1),
    Home: () => inspection.visit(0),
    End: () => inspection.visit(inspection.queue.value.length - 1),
    ' ': () => inspection.playAround(),
    a: () => void inspection.judge('accepted'),
    r: () => void inspection.judge('rejected'),
    f: () => void inspection.judge('check'),
    Backspace: () => void inspection.judge(''),
    Enter: () => inspection.fix(),
    Escape: onClose,
  }
}

function QueueRow({ editor, item, index }: { editor: Editor; item: QueueItem; index: number }) {
  const verdict = editor.inspection.verdictOn(item)
  const chance = Math.round(item.chance * 100)
  return (
    <li
      id={`queued-${index}`}
      role="option"
      class={`finding queued ${verdict ? 'judged' : ''}`}
      aria-selected={editor.inspection.position.value === index}
      onClick={() => editor.inspection.visit(index)}
    >
      <span class="finding-title">
        {item.name} {verdict && <span class="badge">{t(SAID[verdict])}</span>}
      </span>
      <span class="finding-where">
        {framesInWords(item)}
        {chance > 0 && ` · ${t('{chance} % likely wrong', { chance })}`}
      </span>
      {item.pictures.length > 0 && <Strip editor={editor} item={item} />}
      <span class="finding-words">{item.reasons.join(' ') || t('Nothing is unusual.')}</span>
    </li>
  )
}

/** What the object looks like through the span. */
function Strip({ editor, item }: { editor: Editor; item: QueueItem }) {
  const { video } = editor.config
  return (
    <span class="queue-strip">
      {item.pictures.map(([frame, ...box]) => {
        const { left, top, scale } = cut(box)
        const style = {
          width: `${video.width * scale}px`,
          height: `${video.height * scale}px`,
          left: `${-left * scale}px`,
          top: `${-top * scale}px`,
        }
        return (
          <span key={frame} class="deleted-picture" title={t('frame {first}', { first: frame })}>
            <img src={video.frame_url.replace('{frame}', String(frame))} alt="" loading="lazy" style={style} />
          </span>
        )
      })}
    </span>
  )
}

/** Below the queue: its keys, what isn't listed, or why there is nothing. */
function Keys({ editor }: { editor: Editor }) {
  const result = editor.store.inspections.latest.value?.result
  if (!result || editor.store.inspections.asking.value) return null
  const { queue, queue_left_out: hidden, looks } = result
  return (
    <footer class="inspection-foot">
      {!queue.length && <p>{t('No tracker made anything here: there is nothing to review.')}</p>}
      {hidden > 0 && (
        <p>{counted(hidden, '{count} less likely span isn’t listed.', '{count} less likely spans aren’t listed.')}</p>
      )}
      {queue.length > 0 && (
        <p class="muted">
          <kbd>↑</kbd> <kbd>↓</kbd> {t('walk')} · <kbd>{t('Space')}</kbd> {t('play around it')} · <kbd>A</kbd>{' '}
          {t('accept')} · <kbd>R</kbd> {t('reject')} · <kbd>F</kbd> {t('flag')} · <kbd>⌫</kbd> {t('take back')} ·{' '}
          <kbd>{t('Enter')}</kbd> {t('fix')}
        </p>
      )}
      {queue.length > 0 && looks && <p class="muted">{looksInWords(looks)}</p>}
      <p class="muted">{t('What nobody has looked at yet isn’t known, so it doesn’t count.')}</p>
    </footer>
  )
}

/** On how much of it the looks of objects were compared with what was drawn, and why not on more. */
export function looksInWords({ frames_wanted: wanted, frames_seen: seen, problem }: Looks): string {
  const said = seen
    ? t('Looks were compared on {seen} of {wanted} frames.', { seen, wanted })
    : t('Looks were not compared.')
  return problem ? `${said} ${problem}` : said
}
