import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { Page } from '@/editor/inspection/inspection'
import type { Finding } from '@/store/inspections'
import { CloseButton } from './buttons'
import { framesInWords } from './change-words'
import { ReviewQueue } from './review-queue'
import { WalkingList } from './walking-list'

const PAGE = 200
const GRADES: Record<Finding['grade'], string> = { error: 'Error', warning: 'Warning', hint: 'Hint' }

/** What the check found, beside the picture: a list to walk through by keyboard. */
export function InspectionDrawer({ editor }: { editor: Editor }) {
  const page = editor.inspection.page.value
  if (!page) return null
  const close = () => {
    editor.inspection.close()
    editor.focusPanel('stage')
  }
  return (
    <aside class="history inspection" aria-label={t('Check')}>
      <header class="panel-head">
        <h2>{t('Check')}</h2>
        <span class="spring" />
        <CloseButton label={t('Close the check')} onClick={close} />
      </header>
      <div class="tabs" role="tablist" aria-label={t('Check')}>
        <Tab editor={editor} page="check" label={t('What is wrong')} />
        <Tab editor={editor} page="queue" label={t('Review queue')} />
      </div>
      <Summary editor={editor} />
      {page === 'check' ? (
        <Findings editor={editor} onClose={close} />
      ) : (
        <ReviewQueue editor={editor} onClose={close} />
      )}
    </aside>
  )
}

function Tab({ editor, page, label }: { editor: Editor; page: Page; label: string }) {
  return (
    <button
      type="button"
      role="tab"
      class="tab"
      aria-selected={editor.inspection.page.value === page}
      onClick={() => editor.inspection.open(page)}
    >
      {label}
    </button>
  )
}

/** How many there are, of which rules, and whether they still hold. */
function Summary({ editor }: { editor: Editor }) {
  const { inspections } = editor.store
  const result = inspections.latest.value?.result
  const asking = inspections.asking.value
  const problem = inspections.problem.value
  const stale = editor.inspection.isStale.value
  return (
    <div class="inspection-head" aria-live="polite">
      {asking && <p>{t('Checking …')}</p>}
      {problem && <p class="error">{problem}</p>}
      {result && !asking && (
        <p>
          {counted(result.tracks, '{count} object', '{count} objects')},{' '}
          {counted(result.shapes, '{count} shape looked at.', '{count} shapes looked at.')}
          {result.compared_every > 1 &&
            ` ${t('Objects were compared with each other on every {every}th frame.', { every: result.compared_every })}`}
        </p>
      )}
      {stale && !asking && <p class="warn">{t('Something was changed since: this is how it was.')}</p>}
      <div class="row">
        {result && editor.inspection.page.value === 'check' && <RuleChoice editor={editor} />}
        {result && editor.inspection.page.value === 'queue' && <ReasonChoice editor={editor} />}
        <span class="spring" />
        {(stale || problem) && !asking && (
          <button type="button" class="button" onClick={() => void editor.inspection.check()}>
            {t('Check again')}
          </button>
        )}
      </div>
    </div>
  )
}

function RuleChoice({ editor }: { editor: Editor }) {
  const result = editor.store.inspections.latest.value?.result
  if (!result?.findings.length) return null
  const counts = new Map<string, number>(Object.entries(result.left_out))
  for (const { rule } of result.findings) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  return (
    <select
      aria-label={t('What is listed')}
      value={editor.inspection.rule.value}
      onChange={(event) => editor.inspection.narrow(event.currentTarget.value)}
    >
      <option value="">{t('Everything ({count})', { count: [...counts.values()].reduce((a, b) => a + b, 0) })}</option>
      {result.rules
        .filter(({ id }) => counts.has(id))
        .map(({ id, title, says }) => (
          <option key={id} value={id} title={says}>
            {`${t(title)} (${counts.get(id)})`}
          </option>
        ))}
    </select>
  )
}

function ReasonChoice({ editor }: { editor: Editor }) {
  const { inspection } = editor
  const reasons = inspection.reasons.value
  if (!reasons.length) return null
  return (
    <select
      class="reason-choice"
      aria-label={t('Spans that are listed')}
      value={inspection.reason.value}
      onChange={(event) => inspection.narrowTo(event.currentTarget.value)}
    >
      <option value="">{t('All spans')}</option>
      {reasons.map(([reason, spans]) => (
        <option key={reason} value={reason}>
          {`${t(reason)} (${spans})`}
        </option>
      ))}
    </select>
  )
}

function Findings({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { inspection, store } = editor
  const result = store.inspections.latest.value?.result
  const titles = new Map(result?.rules.map(({ id, title }) => [id, title]))
  return (
    <>
      <WalkingList
        label={t('What the check found')}
        name="finding"
        items={inspection.findings.value}
        position={inspection.position.value}
        page={PAGE}
        keys={keysOf(editor, onClose)}
      >
        {(finding, index) => (
          <FindingRow
            key={index}
            editor={editor}
            finding={finding}
            title={titles.get(finding.rule) ?? finding.rule}
            index={index}
          />
        )}
      </WalkingList>
      <Rest editor={editor} />
    </>
  )
}

/** What keys do while the list has the focus. */
function keysOf(editor: Editor, onClose: () => void): Record<string, (() => void) | undefined> {
  const { inspection } = editor
  return {
    ArrowDown: () => inspection.step(1),
    ArrowUp: () => inspection.step(-1),
    Home: () => inspection.visit(0),
    End: () => inspection.visit(inspection.findings.value.length - 1),
    ' ': () => inspection.playAround(),
    Enter: () => {
      inspection.visit(Math.max(inspection.position.value, 0))
      editor.focusPanel('stage')
    },
    Escape: onClose,
  }
}

function FindingRow({
  editor,
  finding,
  title,
  index,
}: {
  editor: Editor
  finding: Finding
  title: string
  index: number
}) {
  const { grade, name, first, last, words } = finding
  const frames = first === null ? '' : framesInWords({ first, last: last ?? first })
  return (
    <li
      id={`finding-${index}`}
      role="option"
      class={`finding is-${grade}`}
      aria-selected={editor.inspection.position.value === index}
      onClick={() => editor.inspection.visit(index)}
    >
      <span class="finding-title">
        <span class="grade">{t(GRADES[grade])}</span> {t(title)}
      </span>
      <span class="finding-where">{[name, frames].filter(Boolean).join(' · ')}</span>
      <span class="finding-words">{words}</span>
    </li>
  )
}

/** Below the list: the keys, what isn't listed, or that there is nothing. */
function Rest({ editor }: { editor: Editor }) {
  const result = editor.store.inspections.latest.value?.result
  if (!result || editor.store.inspections.asking.value) return null
  const hidden = Object.values(result.left_out).reduce((sum, count) => sum + count, 0)
  return (
    <footer class="inspection-foot">
      {!result.findings.length && <p>{t('Nothing was found.')}</p>}
      {hidden > 0 && <p>{counted(hidden, '{count} more isn’t listed.', '{count} more aren’t listed.')}</p>}
      {result.findings.length > 0 && (
        <p class="muted">
          <kbd>↑</kbd> <kbd>↓</kbd> {t('walk')} · <kbd>{t('Space')}</kbd> {t('play around it')} ·{' '}
          <kbd>{t('Enter')}</kbd> {t('go and edit')}
          {' · '}
          {t('{next} from anywhere', { next: editor.keymap.shown('inspection.next') })}
        </p>
      )}
    </footer>
  )
}
