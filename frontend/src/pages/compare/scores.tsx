import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import type { ComparisonReport, ScoresOut } from '@/protocol/generated'
import { WhatColumnsAre } from '@/pages/what-columns-are'
import { Lines, type Bar } from '../analytics/bars'
import type { Compared } from './compared'
import { percent } from './words'

type Measure = 'hota' | 'deta' | 'assa' | 'idf1' | 'mota' | 'switches'

const MEASURES: readonly (readonly [Measure, string, string])[] = [
  [
    'hota',
    'HOTA',
    'Detection and association weighed alike: the mean of √(DetA · AssA) over 19 overlaps from 5 % to 95 %.',
  ],
  ['deta', 'DetA', 'How well boxes are found and placed.'],
  ['assa', 'AssA', 'How well boxes of one object stay together.'],
  ['idf1', 'IDF1', 'The share of boxes of both that are found under the right identity, at 50 % overlap.'],
  [
    'mota',
    'MOTA',
    '1 less what is missed, extra or switched, by the boxes of the reference, at 50 % overlap; may be below 0.',
  ],
  ['switches', 'Switches', 'How often an object of the reference goes on under another track.'],
]

/** Scores as TrackEval computes them: of all labels in a chart, of each in one measure, and all in a table. */
export function Scores({ compared, report }: { compared: Compared; report: ComparisonReport }) {
  const measure = useSignal<Measure>('hota')
  if (report.scores_missing) return <p class="message warning">{report.scores_missing}</p>
  const [all, ...labels] = report.scores
  if (!all) return null
  const chosen = MEASURES.find(([id]) => id === measure.value)!
  return (
    <section class="analytics-table compare-scores" aria-labelledby="scores-title">
      <h2 id="scores-title">{t('Scores')}</h2>
      {all.hota === null && (
        <p class="message">{t('The reference has no box, so nothing can be said of how well it is matched.')}</p>
      )}
      <div class="compare-charts">
        <Lines
          name={t('All labels')}
          most={1}
          bars={MEASURES.filter(([id]) => id !== 'switches').map(([id, name]) => barOf(t(name), id, all))}
        />
        <div>
          <p class="compare-measure">
            <label for="measure">{t('By label:')}</label>{' '}
            <select
              id="measure"
              value={measure.value}
              onChange={(event) => (measure.value = event.currentTarget.value as Measure)}
            >
              {MEASURES.map(([id, name]) => (
                <option key={id} value={id}>
                  {t(name)}
                </option>
              ))}
            </select>
          </p>
          <Lines
            name={t(chosen[2])}
            most={measure.value === 'switches' ? undefined : 1}
            bars={labels.map((scores) => barOf(compared.nameOfLabel(scores.label), measure.value, scores))}
          />
        </div>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="scores-title">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Label')}</th>
              {MEASURES.map(([id, name, words]) => (
                <th key={id} scope="col" class="number" title={t(words)}>
                  {t(name)}
                </th>
              ))}
              <th scope="col" class="number">
                {t('Boxes')}
              </th>
              <th scope="col" class="number">
                {t('Of the reference')}
              </th>
            </tr>
          </thead>
          <tbody>
            {report.scores.map((scores) => (
              <tr key={scores.label ?? 'all'}>
                <th scope="row">{compared.nameOfLabel(scores.label)}</th>
                {MEASURES.map(([id]) => (
                  <td key={id} class="number">
                    {said(id, scores)}
                  </td>
                ))}
                <td class="number">{whole.format(scores.compared_boxes)}</td>
                <td class="number">{whole.format(scores.reference_boxes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <WhatColumnsAre columns={MEASURES.map(([id, title, says]) => ({ id, title, says }))}>
        <p>
          {t('Computed by TrackEval. “All labels” matches whatever their labels; each row matches one label alone.')}
        </p>
      </WhatColumnsAre>
    </section>
  )
}

const whole = new Intl.NumberFormat('en')

const said = (id: Measure, scores: ScoresOut): string =>
  id === 'switches' ? (scores.switches === null ? '–' : whole.format(scores.switches)) : percent(scores[id])

const barOf = (name: string, id: Measure, scores: ScoresOut): Bar => ({
  name,
  value: scores[id] === null ? null : Math.max(scores[id], 0),
  said: said(id, scores),
})
