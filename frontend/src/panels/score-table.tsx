import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { ComparisonReport, ScoresOut } from '@/protocol/generated'

const MEASURES = [
  ['hota', 'HOTA', 'Detection and association together'],
  ['deta', 'DetA', 'How well boxes are found and placed'],
  ['assa', 'AssA', 'How well boxes of one object stay together'],
  ['idf1', 'IDF1', 'Share of boxes with the right identity'],
  ['mota', 'MOTA', 'Without what is missed, extra or switched'],
] as const

/** Scores in percent, of all labels together and of each. */
export function ScoreTable({ editor, report }: { editor: Editor; report: ComparisonReport }) {
  return (
    <table class="scores">
      <thead>
        <tr>
          <th scope="col">{t('%')}</th>
          {MEASURES.map(([id, name, words]) => (
            <th key={id} scope="col" title={t(words)}>
              {name}
            </th>
          ))}
          <th scope="col" title={t('How often an object goes on under another track')}>
            {t('Sw.')}
          </th>
        </tr>
      </thead>
      <tbody>
        {report.scores.map((scores) => (
          <Row key={scores.label ?? 'all'} name={nameOfLabel(editor, scores.label)} scores={scores} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ name, scores }: { name: string; scores: ScoresOut }) {
  const counts = t('{compared} boxes against {reference}', {
    compared: scores.compared_boxes,
    reference: scores.reference_boxes,
  })
  return (
    <tr>
      <th scope="row" title={`${name}: ${counts}`}>
        {name}
      </th>
      {MEASURES.map(([id]) => (
        <td key={id}>{percent(scores[id])}</td>
      ))}
      <td>{scores.switches ?? '–'}</td>
    </tr>
  )
}

/** A dash: the reference has no such box. */
const percent = (share: number | null) => (share === null ? '–' : (100 * share).toFixed(1))

function nameOfLabel(editor: Editor, label: number | null): string {
  return label === null ? t('All') : (editor.label(label)?.name ?? t('A deleted label'))
}
