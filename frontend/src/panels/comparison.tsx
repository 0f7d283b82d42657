import { useComputed } from '@preact/signals'
import { counted, t } from '@/core/text'
import { goToDifference, objectOf } from '@/editor/objects/differences'
import type { Editor } from '@/editor/editor'
import type { ComparisonOut, DifferenceOut } from '@/protocol/generated'
import { DIFFERENCE_KINDS, KIND_NAMES, type DifferenceKind } from '@/store/difference-kinds'
import { CloseButton, CommandButton } from './buttons'
import { ComparedOtherwise } from './compared-otherwise'
import { DifferenceChart } from './difference-chart'
import { Icon } from './icons'
import { ScoreTable } from './score-table'
import { Section } from './section'
import { takeOver } from './take-over-dialog'

/** Rows of the list; more are reached by going on. */
const SHOWN = 60

/** How the shown layer compares with another one, and where they differ. */
export function Comparison({ editor }: { editor: Editor }) {
  const { comparing } = editor.store
  const other = comparing.other.value
  if (!other) return null
  const frame = editor.session.frame.peek()
  const names = [editor.config.layer.name, other.name] as const
  const [compared, reference] = comparing.otherIsReference.value ? names : [names[1], names[0]]
  const result = comparing.result.value
  return (
    <Section
      editor={editor}
      id="comparison"
      title={t('Comparison')}
      aside={<CloseButton label={t('End the comparison')} onClick={() => comparing.stop()} />}
    >
      <p class="comparison-pair">
        {t('“{compared}” against “{reference}”', { compared, reference })}
        <button
          type="button"
          class="icon-button"
          title={t('The other way round')}
          aria-label={t('The other way round')}
          onClick={() => comparing.swap(frame)}
        >
          <Icon name="swap" />
        </button>
      </p>
      <State editor={editor} result={result} />
      {comparing.path && (
        <p class="hint">
          <a href={comparisonPage(editor, comparing.path)}>{t('Scores and differences on a page of their own')}</a>
        </p>
      )}
      {result?.compared_at && <Found editor={editor} result={result} />}
    </Section>
  )
}

const comparisonPage = ({ config }: Editor, pair: { layer_id: number; reference_id: number }): string =>
  `/videos/${config.video.id}/compare/?compared=${pair.layer_id}&reference=${pair.reference_id}`

function State({ editor, result }: { editor: Editor; result: ComparisonOut | null }) {
  const { comparing, records } = editor.store
  // What is stale changes with every change of the layer.
  const isStale = useComputed(() => {
    const changes = [records.version.value, editor.session.saved.value]
    return changes.length > 0 && comparing.comparedRevision !== editor.store.seenRevision
  })
  const again = (
    <button type="button" class="button" onClick={() => void comparing.run(editor.session.frame.value)}>
      {t('Compare again')}
    </button>
  )
  const failed = comparing.problem.value || (result?.state === 'failed' ? result.message : '')
  if (failed)
    return (
      <p class="error" role="alert">
        {failed} {again}
      </p>
    )
  if (!result || result.state === 'queued' || result.state === 'running')
    return (
      <p class="comparison-under-way">
        <progress max={1} value={result?.progress ?? 0} aria-label={t('Comparing')} />
        <button type="button" class="button" disabled={!result} onClick={() => void comparing.cancel()}>
          {t('Cancel')}
        </button>
      </p>
    )
  if (result.state === 'cancelled')
    return (
      <p class="comparison-stale">
        {t('The comparison was cancelled.')} {again}
      </p>
    )
  if (!isStale.value) return null
  return (
    <p class="comparison-stale">
      {t('The layer has changed since.')} {again}
    </p>
  )
}

function Found({ editor, result }: { editor: Editor; result: ComparisonOut }) {
  const { comparing } = editor.store
  const { report } = result
  const { not_listed: notListed } = report
  const position = useComputed(() => comparing.differences.value.indexOf(comparing.current.value!) + 1)
  return (
    <>
      {report.scores_missing ? (
        <p class="hint">{report.scores_missing}</p>
      ) : (
        <ScoreTable editor={editor} report={report} />
      )}
      <DifferenceChart
        chart={report.chart}
        kinds={DIFFERENCE_KINDS.filter((kind) => comparing.kinds.value.has(kind))}
        frames={editor.config.video.frame_count}
        at={editor.session.frame.value}
        onPick={(frame) => editor.goTo(frame)}
      />
      <div class="row comparison-walk">
        <CommandButton editor={editor} id="compare.previous" icon="previous" />
        <CommandButton editor={editor} id="compare.next" icon="next" />
        <output aria-live="polite">
          {position.value
            ? t('{at} of {count}', { at: position.value, count: comparing.differences.value.length })
            : counted(comparing.differences.value.length, '{count} difference', '{count} differences')}
        </output>
        <span class="spring" />
        <CommandButton editor={editor} id="compare.overlay" icon="layers" pressed={comparing.overlay.value} />
      </div>
      <TakeThis editor={editor} />
      <List editor={editor} at={Math.max(position.value - 1, 0)} />
      <Kinds editor={editor} boxes={report.boxes} />
      {notListed > 0 && (
        <p class="hint">{counted(notListed, '{count} more isn’t listed.', '{count} more aren’t listed.')}</p>
      )}
      <ComparedOtherwise report={report} />
    </>
  )
}

/** Which kinds are walked through, with how many boxes differ so. */
function Kinds({ editor, boxes }: { editor: Editor; boxes: Readonly<Record<string, number>> }) {
  const { kinds, current } = editor.store.comparing
  const toggle = (kind: DifferenceKind) => {
    const next = new Set(kinds.value)
    if (!next.delete(kind)) next.add(kind)
    kinds.value = next
    if (current.value && !next.has(current.value.kind)) current.value = null
  }
  return (
    <fieldset class="difference-kinds">
      <legend>{t('Boxes that differ')}</legend>
      {DIFFERENCE_KINDS.map((kind) => (
        <label key={kind} class={`choice difference-${kind}`}>
          <input type="checkbox" checked={kinds.value.has(kind)} onChange={() => toggle(kind)} />
          <span>{t(KIND_NAMES[kind])}</span>
          <small>{boxes[kind] ?? 0}</small>
        </label>
      ))}
    </fieldset>
  )
}

/** What only the other layer has may come into this one. */
function TakeThis({ editor }: { editor: Editor }) {
  const { comparing } = editor.store
  const { value: difference } = comparing.current
  const track = comparing.otherTrack.value
  if (!difference || !track || comparing.ownTrack(difference) !== null || !editor.config.can_edit) return null
  const source = comparing.other.value!.id
  return (
    <button type="button" class="button" onClick={() => void takeOver(editor, { source, tracks: [track] })}>
      <Icon name="takeOver" /> {t('Take {name} over', { name: objectOf(editor, difference) })}
    </button>
  )
}

function List({ editor, at }: { editor: Editor; at: number }) {
  const { differences } = editor.store.comparing
  const first = Math.max(Math.min(at - SHOWN / 2, differences.value.length - SHOWN), 0)
  return (
    <ol class="difference-list" aria-label={t('Differences')} start={first + 1}>
      {differences.value.slice(first, first + SHOWN).map((difference, index) => (
        <Row key={first + index} editor={editor} difference={difference} />
      ))}
    </ol>
  )
}

function Row({ editor, difference }: { editor: Editor; difference: DifferenceOut }) {
  const { kind, first, last } = difference
  const chosen = editor.store.comparing.current.value === difference
  const row = (element: HTMLButtonElement | null) => {
    if (chosen) element?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <li>
      <button
        type="button"
        class={`difference difference-${kind}`}
        ref={row}
        aria-current={chosen ? 'true' : undefined}
        onClick={() => goToDifference(editor, difference)}
      >
        <span class="difference-frames">{first === last ? first : `${first}–${last}`}</span>
        <span>{t(KIND_NAMES[kind])}</span>
        <span class="difference-object">{objectOf(editor, difference)}</span>
      </button>
    </li>
  )
}
