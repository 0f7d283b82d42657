import type { ComponentChildren } from 'preact'
import { t } from '@/core/text'

interface WhatColumnsAreProps {
  /** Those that say nothing are left out. */
  readonly columns: readonly { readonly id: string; readonly title: string; readonly says: string }[]
  readonly children?: ComponentChildren
}

/** What the columns of a table are, folded up below it. */
export function WhatColumnsAre({ columns, children }: WhatColumnsAreProps) {
  return (
    <details class="analytics-says">
      <summary>{t('What the columns are')}</summary>
      <dl>
        {columns
          .filter(({ says }) => says)
          .map(({ id, title, says }) => (
            <div key={id}>
              <dt>{t(title)}</dt>
              <dd>{t(says)}</dd>
            </div>
          ))}
      </dl>
      {children}
    </details>
  )
}
