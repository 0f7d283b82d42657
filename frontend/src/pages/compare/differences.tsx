import { useSignal } from '@preact/signals'
import { counted, t } from '@/core/text'
import type { ComparisonReport } from '@/protocol/generated'
import { DifferenceChart, highest } from '@/panels/difference-chart'
import { DIFFERENCE_KINDS, KIND_NAMES, type DifferenceKind } from '@/store/difference-kinds'
import type { Compared, Listed } from './compared'
import { percent } from './words'

/** Rows that are shown at first, and by which they grow. */
const STEP = 100

/** Where the two differ: along the video, and one by one, each leading into the editor. */
export function Differences({ compared, report }: { compared: Compared; report: ComparisonReport }) {
  const { listed, kinds, pair, page } = compared
  const shown = useSignal(STEP)
  const chosen = DIFFERENCE_KINDS.filter((kind) => kinds.value.has(kind))
  const rows = listed.value.slice(0, shown.value)
  return (
    <section class="analytics-table compare-differences" aria-labelledby="differences-title">
      <header class="line">
        <h2 id="differences-title">{t('Where they differ')}</h2>
        <span class="muted" role="status">
          {counted(listed.value.length, '{count} difference', '{count} differences')}
        </span>
        <span class="spring" />
        {listed.value[0] && (
          <a class="button" href={compared.addressOf(listed.value[0])}>
            {t('Walk through them in the editor')}
          </a>
        )}
      </header>
      {report.differences.length === 0 ? (
        <p class="muted">
          {t('They agree everywhere: no box is missed, extra, badly placed, switched or labelled otherwise.')}
        </p>
      ) : (
        <>
          <figure class="chart">
            <figcaption class="muted">
              {t('Boxes that differ along the video, at most {most} in one of its {parts} parts; a click goes there.', {
                most: highest(report.chart, chosen),
                parts: report.chart['missed']?.length ?? 0,
              })}
            </figcaption>
            <DifferenceChart
              chart={report.chart}
              kinds={chosen}
              frames={page.frames}
              at={null}
              onPick={(frame) => location.assign(compared.addressAt(Math.min(frame, page.frames - 1)))}
            />
            <div class="chart-ends muted" aria-hidden="true">
              <span>{t('frame {frame}', { frame: 0 })}</span>
              <span>{t('frame {frame}', { frame: page.frames - 1 })}</span>
            </div>
          </figure>
          <Filters compared={compared} report={report} />
          <div class="scroll" tabIndex={0} role="region" aria-labelledby="differences-title">
            <table class="compare-list">
              <thead>
                <tr>
                  <th scope="col">{t('Frames')}</th>
                  <th scope="col">{t('What')}</th>
                  <th scope="col">{compared.layer(pair.value.reference)?.name}</th>
                  <th scope="col">{compared.layer(pair.value.compared)?.name}</th>
                  <th scope="col" class="number">
                    {t('Least overlap')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((each) => (
                  <Row key={each.at} compared={compared} listed={each} />
                ))}
              </tbody>
            </table>
          </div>
          {listed.value.length > rows.length && (
            <p class="line">
              <button type="button" class="button" onClick={() => (shown.value += STEP)}>
                {t('Show {count} more', { count: Math.min(STEP, listed.value.length - rows.length) })}
              </button>
              <span class="muted">
                {t('{shown} of {count} are shown', { shown: rows.length, count: listed.value.length })}
              </span>
            </p>
          )}
          {report.not_listed > 0 && (
            <p class="message warning">
              {counted(
                report.not_listed,
                '{count} more difference isn’t listed; the chart and the scores count it.',
                '{count} more differences aren’t listed; the chart and the scores count them.',
              )}
            </p>
          )}
        </>
      )}
    </section>
  )
}

function Row({ compared, listed }: { compared: Compared; listed: Listed }) {
  const { difference } = listed
  const { kind, first, last, overlap } = difference
  return (
    <tr class={`difference-${kind}`}>
      <th scope="row">
        <a href={compared.addressOf(listed)}>{first === last ? first : `${first}–${last}`}</a>
      </th>
      <td>
        <span class="difference-kind">{t(KIND_NAMES[kind])}</span>
      </td>
      <td class="long">{compared.nameOfTrack(difference.reference) ?? '–'}</td>
      <td class="long">{compared.nameOfTrack(difference.compared) ?? '–'}</td>
      <td class="number">{kind === 'missed' || kind === 'extra' ? '–' : percent(overlap, 0)}</td>
    </tr>
  )
}

/** Which kinds, and which label; how many boxes differ so. */
function Filters({ compared, report }: { compared: Compared; report: ComparisonReport }) {
  const { kinds, label } = compared
  const toggle = (kind: DifferenceKind) => {
    const next = new Set(kinds.value)
    if (!next.delete(kind)) next.add(kind)
    kinds.value = next
  }
  const labels = [...new Set(Object.values(report.tracks).map((track) => track.label))]
  return (
    <div class="line compare-filters">
      <fieldset class="difference-kinds">
        <legend>{t('Boxes that differ')}</legend>
        {DIFFERENCE_KINDS.map((kind) => (
          <label key={kind} class={`choice difference-${kind}`}>
            <input type="checkbox" checked={kinds.value.has(kind)} onChange={() => toggle(kind)} />
            <span>{t(KIND_NAMES[kind])}</span>
            <small>{report.boxes[kind] ?? 0}</small>
          </label>
        ))}
      </fieldset>
      <span class="spring" />
      {labels.length > 1 && (
        <span>
          <label for="difference-label">{t('Label')}</label>{' '}
          <select
            id="difference-label"
            value={label.value ?? ''}
            onChange={({ currentTarget: { value } }) => (label.value = value ? Number(value) : null)}
          >
            <option value="">{t('all labels')}</option>
            {labels.map((id) => (
              <option key={id} value={id}>
                {compared.nameOfLabel(id)}
              </option>
            ))}
          </select>
        </span>
      )}
    </div>
  )
}
