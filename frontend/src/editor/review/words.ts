/** Verdicts as people read them. */
import { t } from '@/core/text'
import { ago } from '@/core/times'
import type { Range } from '@/store/operations'
import { judgementOf, type Judgement, type SpanVerdict } from '@/store/verdicts'

export const JUDGEMENTS: Record<Judgement, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  check: 'To be checked',
  reopened: 'Changed since it was reviewed',
}

/** "frame 7", or "frames 3–9, 12–14" */
export function rangesInWords(ranges: readonly Range[]): string {
  const [only, ...more] = ranges
  if (only && !more.length && only[0] === only[1]) return t('frame {frame}', { frame: only[0] })
  return t('frames {frames}', { frames: ranges.map(([first, last]) => `${first}–${last}`).join(', ') })
}

/** What is said of a span, who said it and when: one line or two. */
export function spanInWords(span: SpanVerdict, now = Date.now()): string[] {
  const { reopened } = span
  const who = span.by_name || t('somebody')
  const when = span.at ? ago(Date.parse(span.at), now) : ''
  const verdict = reopened?.was ?? span.verdict
  const said = t('{verdict} by {who}, {when}', { verdict: t(JUDGEMENTS[verdict]), who, when })
  const told = span.reason ? `${said}: ${span.reason}` : said
  if (!reopened) return [told]
  return [changeInWords(span, now), told]
}

/** Of a span that was changed since: what was done, by whom and when. */
export function changeInWords({ reopened }: SpanVerdict, now = Date.now()): string {
  if (!reopened) return ''
  const how = reopened.how || t('Changed')
  return t('{how} by {who}, {when}', {
    how,
    who: reopened.by_name || t('somebody'),
    when: ago(Date.parse(reopened.at), now),
  })
}

export const judgementInWords = (span: SpanVerdict): string => t(JUDGEMENTS[judgementOf(span)])
