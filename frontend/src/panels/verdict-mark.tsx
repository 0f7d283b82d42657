import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { isLockedFor } from '@/editor/review/review'
import { JUDGEMENTS, judgementInWords, rangesInWords, spanInWords } from '@/editor/review/words'
import type { Track } from '@/store/types'
import { judgementOf, standingOf, type Judgement, type SpanVerdict } from '@/store/verdicts'
import { Icon } from './icons'

const SIGNS: Record<Judgement, string> = { accepted: '✓', rejected: '✕', check: '?', reopened: '!' }
const LISTED = 6

/** What reviewers say of an object as a whole, with who and when on hover; nothing where nobody said anything. */
export function VerdictMark({ editor, track }: { editor: Editor; track: Track }) {
  const standing = standingOf(track)
  if (standing === 'none') return null
  const { verdicts } = track
  const judgement = verdicts.some((span) => span.reopened) && standing === 'check' ? 'reopened' : standing
  const lines = [...linesOf(verdicts)]
  const locked = verdicts.some((span) => isLockedFor(editor, span))
  if (locked) lines.unshift(t('Locked where it is accepted: ask a reviewer to reopen it.'))
  return (
    <>
      {locked && (
        <span class="verdict-lock" role="img" aria-label={t('Locked where it is accepted')} title={lines.join('\n')}>
          <Icon name="lock" />
        </span>
      )}
      <Sign judgement={judgement} title={lines.join('\n')} />
    </>
  )
}

const MINUTE_MS = 60_000
/** Times take long to be put into words, and a list that is scrolled says the same again and again. */
const said = new WeakMap<readonly SpanVerdict[], { readonly minute: number; readonly lines: readonly string[] }>()

function linesOf(verdicts: readonly SpanVerdict[]): readonly string[] {
  const minute = Math.floor(Date.now() / MINUTE_MS)
  const known = said.get(verdicts)
  if (known?.minute === minute) return known.lines
  const lines = verdicts.slice(0, LISTED).map(lineOf)
  if (verdicts.length > LISTED) lines.push(t('and {count} more', { count: verdicts.length - LISTED }))
  said.set(verdicts, { minute, lines })
  return lines
}

const lineOf = (span: SpanVerdict) =>
  `${judgementInWords(span)}, ${rangesInWords([[span.first, span.last]])} · ${spanInWords(span).join(' · ')}`

/** A verdict by colour and sign. */
export function Sign({ judgement, title }: { judgement: Judgement; title?: string }) {
  const words = t(JUDGEMENTS[judgement])
  return (
    <span class={`verdict ${judgement}`} role="img" aria-label={words} title={title ?? words}>
      {SIGNS[judgement]}
    </span>
  )
}

/** As `Sign`, of one span. */
export const SpanSign = ({ span }: { span: SpanVerdict }) => <Sign judgement={judgementOf(span)} />
