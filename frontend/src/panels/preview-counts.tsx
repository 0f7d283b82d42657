import { counted, t } from '@/core/text'
import { countClasses, leftOf, type Fate, type Judged } from '@/store/previews'

/** What becomes of the objects on a frame: of each class how many are found, and how many are left out and why.
 * `more`: so many less sure ones were too many to be told. */
export function PreviewCounts({
  judged,
  more,
  nameOf,
}: {
  judged: readonly Judged[]
  more: number
  nameOf: (label: number) => string
}) {
  const counts = countClasses(judged)
  const found = judged.filter(({ fate }) => fate === 'found').length
  const left = judged.length - found
  return (
    <>
      <p role="status">
        {counted(found, '1 object is found', '{count} objects are found')}
        {left > 0 && <> · {counted(left, '1 is left out', '{count} are left out')}</>}
        {more > 0 && (
          <> · {counted(more, '1 more is too unsure to be shown', '{count} more are too unsure to be shown')}</>
        )}
      </p>
      {counts.length > 0 && (
        <table class="preview-counts">
          <thead>
            <tr>
              <th scope="col">{t('Class')}</th>
              <th scope="col">{t('Label')}</th>
              <th scope="col" class="number">
                {t('Found')}
              </th>
              <th scope="col">{t('Left out')}</th>
            </tr>
          </thead>
          <tbody>
            {counts.map((count) => (
              <tr key={count.name} class={count.found ? '' : 'muted'}>
                <td>{count.name}</td>
                <td>{count.label === null ? '—' : nameOf(count.label)}</td>
                <td class="number">{count.found}</td>
                <td>{leftOf(count) ? reasons(count.left) : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function reasons(left: Readonly<Partial<Record<Fate, number>>>): string {
  const words: readonly (readonly [Fate, string])[] = [
    ['class', t('{count} without a label', { count: left.class ?? 0 })],
    ['unsure', t('{count} not sure enough', { count: left.unsure ?? 0 })],
    ['same', t('{count} seen twice', { count: left.same ?? 0 })],
    ['outside', t('{count} outside the region', { count: left.outside ?? 0 })],
  ]
  return words
    .filter(([fate]) => left[fate])
    .map(([, text]) => text)
    .join(', ')
}
