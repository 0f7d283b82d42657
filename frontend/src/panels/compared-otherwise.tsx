import { counted } from '@/core/text'
import type { ComparisonOut } from '@/protocol/generated'

/** What two layers hold that isn’t compared as it is: shapes that count by their bounds, and frame tags. */
export function ComparedOtherwise({ report }: { report: ComparisonOut['report'] }) {
  const { by_bounds: byBounds, frame_tags: tags } = report
  return (
    <>
      {byBounds > 0 && (
        <p class="hint">
          {counted(
            byBounds,
            '{count} track has shapes that are no boxes; it counts by its bounds.',
            '{count} tracks have shapes that are no boxes; they count by their bounds.',
          )}
        </p>
      )}
      {tags > 0 && (
        <p class="hint">{counted(tags, '{count} frame tag isn’t compared.', '{count} frame tags aren’t compared.')}</p>
      )}
    </>
  )
}
