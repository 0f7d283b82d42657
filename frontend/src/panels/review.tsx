import { useSignal } from '@preact/signals'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import { askToReject, giveVerdict, reachOf, type Judged, type Reach, type Rejecting } from '@/editor/review/review'
import { changeInWords, judgementInWords, rangesInWords, spanInWords } from '@/editor/review/words'
import type { Track } from '@/store/types'
import { verdictAt, type SpanVerdict } from '@/store/verdicts'
import { CommandButton } from './buttons'
import { Modal } from './modal'
import { Section } from './section'
import { SpanSign } from './verdict-mark'

const REACHES: Record<Reach, string> = { all: 'Whole track', range: 'Chosen frames', view: 'Frames in view' }
const LISTED = 50
const REASONS = 8

/** Verdicts on the selected objects, and what was changed since it was accepted. Who doesn't review sees them only. */
export function Review({ editor }: { editor: Editor }) {
  const reopened = reopenedSpans(editor)
  const reviews = editor.config.can_review && !editor.session.gone.value
  const judged = [...editor.store.records.tracks.value.values()].some(({ verdicts }) => verdicts.length > 0)
  if (!reviews && !judged) return null
  const aside = reopened.length > 0 && <span class="count">{t('{count} reopened', { count: reopened.length })}</span>
  return (
    <Section editor={editor} id="review" title={t('Review')} aside={aside}>
      <Here editor={editor} />
      {reviews && <Verdicts editor={editor} />}
      {reopened.length > 0 && <ReopenedList editor={editor} spans={reopened} reviews={reviews} />}
    </Section>
  )
}

/** What is said of the selected object on this frame. */
function Here({ editor }: { editor: Editor }) {
  const [id, ...others] = editor.selected()
  const track = id === undefined ? null : editor.store.records.track(id)
  if (!track || others.length)
    return (
      <p class="muted">
        {others.length
          ? counted(others.length + 1, '', '{count} objects are selected.')
          : t('Select an object to see what was said of it.')}
      </p>
    )
  const span = verdictAt(track.verdicts, editor.session.frame.value)
  if (!span) return <p class="muted">{t('{name}: not reviewed on this frame.', { name: nameOf(editor, track) })}</p>
  return (
    <div class="verdict-here">
      <SpanSign span={span} />
      <span>
        <strong>{judgementInWords(span)}</strong> <span class="muted">{rangesInWords([[span.first, span.last]])}</span>
        {spanInWords(span).map((line) => (
          <span key={line} class="verdict-line">
            {line}
          </span>
        ))}
      </span>
    </div>
  )
}

function Verdicts({ editor }: { editor: Editor }) {
  const reach = reachOf(editor)
  const range = editor.session.range.value
  return (
    <>
      <label class="field verdict-reach">
        <span>{t('A verdict is on')}</span>
        <select value={reach} onChange={(event) => (editor.review.reach.value = event.currentTarget.value as Reach)}>
          {(Object.entries(REACHES) as [Reach, string][]).map(([value, name]) => (
            <option key={value} value={value} disabled={(value === 'range' && !range) || (value === 'all' && !!range)}>
              {t(name)}
            </option>
          ))}
        </select>
      </label>
      <div class="row verdict-buttons">
        <CommandButton editor={editor} id="review.accept" text={t('Accept')} />
        <CommandButton editor={editor} id="review.reject" text={t('Reject …')} />
        <CommandButton editor={editor} id="review.check" text={t('To be checked')} />
        <CommandButton editor={editor} id="review.next" text={t('Next unreviewed')} />
      </div>
    </>
  )
}

interface ReopenedSpan {
  readonly track: Track
  readonly span: SpanVerdict
}

function reopenedSpans(editor: Editor): ReopenedSpan[] {
  return [...editor.store.records.tracks.value.values()]
    .flatMap((track) => track.verdicts.filter(({ reopened }) => reopened).map((span) => ({ track, span })))
    .sort((a, b) => b.span.reopened!.revision - a.span.reopened!.revision)
}

interface ReopenedProps {
  readonly editor: Editor
  readonly spans: readonly ReopenedSpan[]
  readonly reviews: boolean
}

/** What was changed after its verdict, the latest first. */
function ReopenedList({ editor, spans, reviews }: ReopenedProps) {
  const { showsFormer } = editor.review
  return (
    <div class="reopened">
      <h3>{t('Changed since it was reviewed')}</h3>
      <label class="choice">
        <input type="checkbox" checked={showsFormer.value} onChange={() => (showsFormer.value = !showsFormer.value)} />
        {t('Draw what was reviewed beside it')}
      </label>
      <ul aria-label={t('Changed since it was reviewed')}>
        {spans.slice(0, LISTED).map(({ track, span }) => (
          <li key={`${track.id} ${span.first}`}>
            <button type="button" class="reopened-what" onClick={() => show(editor, track, span)}>
              <span>
                <strong>{nameOf(editor, track)}</strong>, {rangesInWords([[span.first, span.last]])}
              </span>
              <span class="muted">{changeInWords(span)}</span>
            </button>
            {reviews && !track.deleted && (
              <>
                <VerdictButton
                  editor={editor}
                  spans={[judged(track, span)]}
                  verdict="accepted"
                  name={nameOf(editor, track)}
                />
                <VerdictButton
                  editor={editor}
                  spans={[judged(track, span)]}
                  verdict="rejected"
                  name={nameOf(editor, track)}
                />
              </>
            )}
          </li>
        ))}
      </ul>
      {spans.length > LISTED && <p class="muted">{t('and {count} more', { count: spans.length - LISTED })}</p>}
    </div>
  )
}

const judged = (track: Track, { first, last }: SpanVerdict): Judged => ({ track: track.id, ranges: [[first, last]] })

interface ButtonProps {
  readonly editor: Editor
  readonly spans: readonly Judged[]
  readonly verdict: 'accepted' | 'rejected'
  readonly name: string
}

function VerdictButton({ editor, spans, verdict, name }: ButtonProps) {
  const accepts = verdict === 'accepted'
  return (
    <button
      type="button"
      class="button"
      aria-label={accepts ? t('Accept {name} there', { name }) : t('Reject {name} there', { name })}
      onClick={() => {
        if (accepts) giveVerdict(editor, spans, 'accepted')
        else askToReject(editor, spans)
      }}
    >
      {accepts ? t('Accept') : t('Reject')}
    </button>
  )
}

function show(editor: Editor, track: Track, span: SpanVerdict): void {
  editor.session.select(track.id)
  editor.goTo(Math.round((span.first + span.last) / 2))
}

/** Why something is rejected: it can't be without, unless there is a reason at hand. */
export function RejectDialog({ editor }: { editor: Editor }) {
  const rejecting = editor.review.rejecting.value
  return rejecting ? <Reason editor={editor} rejecting={rejecting} /> : null
}

function Reason({ editor, rejecting }: { editor: Editor; rejecting: Rejecting }) {
  const { spans, otherwise } = rejecting
  const reason = useSignal('')
  const close = () => (editor.review.rejecting.value = null)
  const reject = () => {
    const said = reason.value.trim() || otherwise
    if (said) rejecting.reject(said)
  }
  const name = spans[0] ? nameOf(editor, spans[0].track) : ''
  const used = usedReasons(editor)
  return (
    <Modal label={t('Reject')} onClose={close} look="reject-dialog">
      <form method="dialog" onSubmit={reject}>
        <h2>{counted(spans.length, 'Reject {name}', 'Reject {count} objects', { name })}</h2>
        {spans.length === 1 && <p class="muted">{rangesInWords(spans[0]!.ranges)}</p>}
        <label class="field">
          <span>{t('What is wrong')}</span>
          <input
            type="text"
            required={!otherwise}
            placeholder={otherwise}
            autofocus
            maxLength={500}
            list="reject-reasons"
            autocomplete="off"
            value={reason.value}
            onInput={(event) => (reason.value = event.currentTarget.value)}
          />
        </label>
        {otherwise && <p class="muted">{t('Left empty, it says: “{reason}”', { reason: otherwise })}</p>}
        <datalist id="reject-reasons">
          {used.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <div class="row end">
          <button type="button" class="button" onClick={close}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button danger" disabled={!(reason.value.trim() || otherwise) || !spans.length}>
            {t('Reject')}
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** Reasons that were given on this layer, the most frequent first. */
function usedReasons(editor: Editor): string[] {
  const counts = new Map<string, number>()
  for (const { verdicts } of editor.store.records.tracks.peek().values())
    for (const { reason } of verdicts) if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, REASONS)
    .map(([reason]) => reason)
}
